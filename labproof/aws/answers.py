"""What an answer of AWS can be: data, None for what does not exist, or an error as data."""

from __future__ import annotations

from typing import Any

LONGEST_MESSAGE = 500


def is_error(value: Any) -> bool:
    """Tell whether a reading failed."""
    error = value["error"] if isinstance(value, dict) and set(value) == {"error"} else None
    return isinstance(error, dict) and set(error) == {"call", "code", "message"}


def error_of(call: str, code: str, message: str = "") -> dict[str, Any]:
    """Return what stands in the place of a reading that failed."""
    return {"error": {"call": call, "code": code, "message": message[:LONGEST_MESSAGE]}}
