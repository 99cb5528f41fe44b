"""What a proof needs is read or the proof ends: a playbook has no use for evidence with gaps."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.errors import AwsError


def certain(reading: Any) -> Any:
    """Return a reading that is no error. Raises AwsError with one sentence otherwise."""
    if not is_error(reading):
        return reading
    error = reading["error"]
    raise AwsError(f"AWS answered {error['code']} to {error['call']} ({error['message']}).")
