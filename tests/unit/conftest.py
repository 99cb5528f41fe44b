"""What all unit tests share: no examples are stored, and a slow machine fails none."""

from hypothesis import settings

settings.register_profile("unit", deadline=None, database=None, max_examples=150)
settings.load_profile("unit")
