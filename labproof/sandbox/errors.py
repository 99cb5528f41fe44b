"""What the sandbox says when it cannot do what was asked."""


class SandboxError(Exception):
    """The message is one sentence: what was expected, what was found, what to do."""
