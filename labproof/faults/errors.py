"""What the learner or instructor asked for cannot be done; the message is one sentence."""


class FaultError(Exception):
    """A fault that is not known, does not fit the lab, or cannot be planted or mended."""
