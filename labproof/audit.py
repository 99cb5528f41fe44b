"""What an audit item must say of a transfer, and how a transfer is told as a line of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

GOOD_STATUS = re.compile(r"succe|cop(y|ied)|complete|done|\bok\b|transfer", re.IGNORECASE)
BAD_STATUS = re.compile(r"\b(not|no|un\w+|fail\w*|error\w*|denied|refused)\b", re.IGNORECASE)
ATTRIBUTES = ("LogID", "SourceBucket", "DestinationBucket", "ObjectKey", "Status", "Timestamp")
CLOCK_TOLERANCE_S = 5
STAGES = ("uploaded", "invoked", "copied", "audited")


def item_problems(item: dict[str, str], lab: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """Compare an audit item with its upload, attribute by attribute (``transfer.audited``).

    Returns a clause per problem: what was expected, what was found.
    """
    wanted = {
        "SourceBucket": lab["source_bucket"],
        "DestinationBucket": lab["destination_bucket"],
        "ObjectKey": seen["key"],
    }
    problems = [f"{name} is missing" for name in ATTRIBUTES if not item.get(name)]
    problems += [
        f"{name}: expected {value!r}, found {item[name]!r}"
        for name, value in wanted.items()
        if item.get(name) and item[name] != value
    ]
    status = item.get("Status", "")
    if status and not says_success(status):
        problems.append(f"Status: expected a word that says it worked, found {status!r}")
    stamp = item.get("Timestamp", "")
    if stamp and not _within(stamp, seen["signed_ms"], seen["audited_ms"]):
        problems.append(f"Timestamp: expected a time of this upload, found {stamp!r}")
    return problems


def says_success(status: str) -> bool:
    """Tell whether a status is any word that says the transfer worked."""
    return bool(GOOD_STATUS.search(status)) and not BAD_STATUS.search(status)


def moment(stamp: str) -> float | None:
    """Read ISO 8601 or epoch seconds or milliseconds; no offset means UTC. None if neither."""
    if re.fullmatch(r"\d{9,11}(\.\d+)?|\d{12,14}", stamp):
        value = float(stamp)
        return value / 1000 if value > 1e11 else value
    try:
        parsed = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def timeline(seen: dict[str, Any]) -> str:
    """Tell a transfer's stages as ``uploaded 0 ms → invoked 12 ms → …``."""
    start = seen["uploaded_ms"]
    parts = [
        f"{stage} {seen[f'{stage}_ms'] - start} ms"
        for stage in STAGES
        if seen[f"{stage}_ms"] is not None
    ]
    return " → ".join(parts)


def _within(stamp: str, first_ms: int, last_ms: int) -> bool:
    value = moment(stamp)
    if value is None:
        return False
    return first_ms / 1000 - CLOCK_TOLERANCE_S <= value <= last_ms / 1000 + CLOCK_TOLERANCE_S
