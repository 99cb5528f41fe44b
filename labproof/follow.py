"""Follow one upload through the lab: invoked, copied, audited, logged, each with its time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws import Connection, is_absent
from labproof.labs import Lab
from labproof.logs import invocations, is_report, is_trouble, names_key, started

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
MAX_LOG_EVENTS = 1000
MAX_LINE = 500


@dataclass
class Transfer:
    """What was seen of one upload. Times are milliseconds since the epoch; None was not seen."""

    key: str
    signed_ms: int
    uploaded_ms: int
    wanted_items: int = 1
    wanted_sha256: str | None = None
    invoked_ms: int | None = None
    request_id: str | None = None
    copied_ms: int | None = None
    copied: dict[str, Any] | None = None
    audited_ms: int | None = None
    audit_items: list[dict[str, str]] = field(default_factory=list)
    reported_ms: int | None = None
    log: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    waited_s: float = 0.0

    @property
    def complete(self) -> bool:
        """Tell whether every stage was seen, the end of the invocation included."""
        audited = self.audited_ms is not None or not self.wanted_items
        return audited and None not in (self.copied_ms, self.reported_ms)

    @property
    def failed(self) -> bool:
        """Tell whether the function itself said that it failed; waiting longer tells no more."""
        return bool(self.errors) and self.reported_ms is not None


def follow(lab: Lab, connection: Connection, seen: Transfer, timeout: float) -> Transfer:
    """Watch the effects of an upload until all are seen, the function failed, or time is up.

    ``timeout`` is in seconds. Polls with back-off, from 50 ms to 2 s.
    """
    for waited in moments(timeout):
        _see_log(lab, connection, seen)
        if seen.copied_ms is None:
            _see_copy(lab, connection, seen)
        # A late second item counts, so look once more when the function has ended.
        if seen.wanted_items and (seen.audited_ms is None or seen.reported_ms is not None):
            _see_items(lab, connection, seen)
        seen.waited_s = round(waited, 3)
        if seen.complete or seen.failed:
            break
    # An event can reach the function before the answer to the upload reaches the client.
    seen.uploaded_ms = min(seen.uploaded_ms, seen.invoked_ms or seen.uploaded_ms)
    return seen


def moments(timeout: float) -> Iterator[float]:
    """Yield the seconds waited so far, pausing longer each time, and once more at the end."""
    start, pause = time.monotonic(), FIRST_PAUSE_S
    while (waited := time.monotonic() - start) < timeout:
        yield waited
        time.sleep(min(pause, max(0.0, timeout - waited)))
        pause = min(pause * 1.5, LONGEST_PAUSE_S)
    yield waited


def _see_copy(lab: Lab, connection: Connection, seen: Transfer) -> None:
    try:
        found = connection.client("s3").get_object(Bucket=lab.destination_bucket, Key=seen.key)
    except ClientError as error:
        if is_absent(error) or error.response["Error"]["Code"] in ("403", "AccessDenied"):
            return
        raise
    digest, size = hashlib.sha256(), 0
    for chunk in found["Body"].iter_chunks(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    seen.copied = {"sha256": digest.hexdigest(), "size": size}
    if seen.wanted_sha256 in (None, digest.hexdigest()):
        seen.copied_ms = _now_ms()


def _see_items(lab: Lab, connection: Connection, seen: Transfer) -> None:
    """Find the upload's items; the key schema has no room for a query, so this is a scan."""
    pages = (
        connection.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=lab.table,
            FilterExpression="ObjectKey = :key",
            ExpressionAttributeValues={":key": {"S": seen.key}},
            ConsistentRead=True,
        )
    )
    try:
        items = [item for page in pages for item in page["Items"]]
    except ClientError as error:
        if is_absent(error):
            return
        raise
    if len(items) >= seen.wanted_items:
        seen.audited_ms = seen.audited_ms or _now_ms()
    if items:
        seen.audit_items = [{n: str(*v.values()) for n, v in item.items()} for item in items]


def _see_log(lab: Lab, connection: Connection, seen: Transfer) -> None:
    """Read the invocations since the upload, as far as they concern its key."""
    pages = (
        connection.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{lab.function}",
            startTime=seen.signed_ms - 1000,
            PaginationConfig={"MaxItems": MAX_LOG_EVENTS},
        )
    )
    try:
        events = [event for page in pages for event in page["events"]]
    except ClientError as error:
        if is_absent(error):
            return
        raise
    _note_invocations(events, seen)


def _note_invocations(events: list[dict[str, Any]], seen: Transfer) -> None:
    """Keep the invocations that name the key; where none does, all since the upload."""
    found = invocations(events)
    named = [i for i in found if any(names_key(e["message"], seen.key) for e in i)] or found
    later = [i for i in named if i[0]["timestamp"] >= seen.signed_ms]  # not of an earlier upload
    mine = [(e["timestamp"], e["message"].rstrip()) for i in later or named for e in i]
    seen.log = [line[:MAX_LINE] for _, line in mine]
    seen.errors = [line[:MAX_LINE] for _, line in mine if is_trouble(line, seen.key)]
    starts = [(moment, request) for moment, line in mine if (request := started(line))]
    seen.invoked_ms, seen.request_id = starts[0] if starts else (None, None)
    seen.reported_ms = max((moment for moment, line in mine if is_report(line)), default=None)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
