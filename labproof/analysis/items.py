"""What an audit item must say of a transfer, and how a transfer is told as a line of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

GOOD_STATUS = re.compile(
    r"succe|(cop(y|ied)|replicated|transfer(red)?|uploaded|moved|delivered|stored|saved|written|"
    r"processed|completed?|finished|done|passed|\bok)\b"
)
BAD_STATUS = re.compile(
    r"fail|error|exception|denied|refuse|reject|abort|incomplete|"
    r"\b(not\w*|no|non|unsucc\w*|unable|unknown|un(copied|done|finished)|invalid|partial\w*|skip\w*|start\w*|pending|progress)\b"
)
NO_TROUBLE = re.compile(r"\b(0|no|zero|without)( any)? (error|failure|problem)s?\b")
ATTRIBUTES = ("LogID", "SourceBucket", "DestinationBucket", "ObjectKey", "Status", "Timestamp")
CLOCK_TOLERANCE_S = 5
STAGES = ("uploaded", "invoked", "copied", "audited")


def item_problems(
    item: dict[str, str], source: str, destination: str, seen: dict[str, Any]
) -> list[str]:
    """Compare an audit item with its upload, attribute by attribute (``transfer.audited``).

    Returns a clause per problem: what was expected, what was found.
    """
    wanted = {
        "SourceBucket": source,
        "DestinationBucket": destination,
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
    # CopyFailed, COPY_FAILED and copy-failed are the same two words.
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", status).lower()
    words = NO_TROUBLE.sub(" ", words)
    return bool(GOOD_STATUS.search(words)) and not BAD_STATUS.search(words)


def moment(stamp: str) -> float | None:
    """Read ISO 8601 or epoch seconds or milliseconds; no offset means UTC. None if neither."""
    if re.fullmatch(r"\d{9,14}(\.\d+)?", stamp, re.ASCII):
        value = float(stamp)
        return value / 1000 if value >= 1e11 else value
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


def _within(stamp: str, first_ms: int, last_ms: int | None) -> bool:
    """Tell whether a stamp lies in a window; without an end, only its start counts."""
    value = moment(stamp)
    if value is None or value < first_ms / 1000 - CLOCK_TOLERANCE_S:
        return False
    return last_ms is None or value <= last_ms / 1000 + CLOCK_TOLERANCE_S
