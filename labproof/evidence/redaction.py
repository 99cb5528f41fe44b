"""No secret enters a snapshot: what looks like one becomes a marker that can still be counted."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

ACCESS_KEY = "[REDACTED: access key]"
SECRET = "[REDACTED: secret]"  # noqa: S105 - the marker that stands for one
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (unique ids)
ACCESS_KEY_ID = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])")
# A secret access key: 40 characters of base64, neither a digest in hex nor a word or a path alone.
SECRET_KEY = re.compile(
    r"(?<![A-Za-z0-9/+_-])"
    r"(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])"
    r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])"
)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{40,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\b(?:IQoJ|FwoG)[A-Za-z0-9/+=]{100,}",  # the beginnings of session tokens
    re.DOTALL,
)


def redact(text: str) -> str:
    """Return a text with a marker in the place of every access key and secret."""
    text = ACCESS_KEY_ID.sub(ACCESS_KEY, text)
    if "-----BEGIN" in text or "_" in text or "xox" in text or "IQoJ" in text or "FwoG" in text:
        text = SECRETS.sub(SECRET, text)
    return SECRET_KEY.sub(ACCESS_KEY, text) if len(text) >= 40 else text


def cleaned(value: Any) -> Any:
    """Return evidence as plain JSON data without a secret in it, whatever AWS answered."""
    match value:
        case str():
            return redact(_valid(value))
        case dict():
            return {cleaned(str(name)): cleaned(one) for name, one in value.items()}
        case list() | tuple():
            return [cleaned(one) for one in value]
        case float() if not math.isfinite(value):
            return str(value)
        case bool() | int() | float() | None:
            return value
        case date():
            return value.isoformat()
    return type(value).__name__


def _valid(text: str) -> str:
    """Replace half characters, which no file could hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
