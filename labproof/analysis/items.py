"""What an item must say of its upload: an audit item of a transfer, an item of metadata."""

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
AUDIT = ("LogID", "SourceBucket", "DestinationBucket", "ObjectKey", "Status", "Timestamp")
METADATA = ("ObjectKey", "BucketName", "FileSize", "ETag", "UploadTime", "ProcessedAt")
CLOCK_TOLERANCE_S = 5
UPLOAD_TOLERANCE_S = 2  # S3 tells LastModified in whole seconds
STAGES = ("uploaded", "invoked", "copied", "audited")


def audit_item_problems(
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
    problems = [f"{name} is missing" for name in AUDIT if not item.get(name)]
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


def metadata_item_problems(seen: dict[str, Any], bucket: str) -> list[str]:
    """Compare an upload's item with what S3 says of its object (``metadata.item``).

    ``seen`` is the upload's evidence: ``key``, ``head``, and ``items``, in DynamoDB's JSON; several
    items under one key are those of several buckets. Returns a clause per problem.
    """
    items, head = seen["items"], seen["head"] or {}
    if not items:
        return [f"expected an item for {seen['key']!r}, found none"]
    item = next((one for one in items if one.get("BucketName") == {"S": bucket}), items[0])
    wanted = {
        "ObjectKey": {"S": seen["key"]},
        "BucketName": {"S": bucket},
        "ETag": {"S": head.get("etag")},
        "FileSize": {"N": str(head.get("size"))},
    }
    problems = [f"{name} is missing" for name in METADATA if name not in item]
    problems += [
        f"{name}: expected {value}, found {item[name]}"
        for name, value in wanted.items()
        if name in item and item[name] != value
    ]
    return problems + _time_problems(item, head.get("modified_ms", 0) / 1000)


def _time_problems(item: dict[str, Any], modified: float) -> list[str]:
    """Compare the times of an item with that of its object, in seconds."""
    uploaded, processed = (_utc(item.get(name, {})) for name in ("UploadTime", "ProcessedAt"))
    problems = []
    near = uploaded is not None and abs(uploaded - modified) <= UPLOAD_TOLERANCE_S
    if "UploadTime" in item and not near:
        problems.append(f"UploadTime: expected S3's time of the upload, found {item['UploadTime']}")
    if "ProcessedAt" in item and (processed is None or processed < modified - UPLOAD_TOLERANCE_S):
        problems.append(
            f"ProcessedAt: expected a time after the upload, found {item['ProcessedAt']}"
        )
    return problems


def _utc(value: dict[str, Any]) -> float | None:
    """Read ISO 8601 in UTC: with Z, +00:00 or no offset."""
    text = str(value.get("S", ""))
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        return None
    return moment(text) if not offset else None


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
    times = {stage: seen.get(f"{stage}_ms") for stage in STAGES}
    start = seen["uploaded_ms"]
    return " → ".join(f"{k} {ms - start} ms" for k, ms in times.items() if ms is not None)


def _within(stamp: str, first_ms: int, last_ms: int | None) -> bool:
    """Tell whether a stamp lies in a window; without an end, only its start counts."""
    value = moment(stamp)
    if value is None or value < first_ms / 1000 - CLOCK_TOLERANCE_S:
        return False
    return last_ms is None or value <= last_ms / 1000 + CLOCK_TOLERANCE_S
