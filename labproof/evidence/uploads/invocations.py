"""Read a function's invocations from its log.

Lines are what the learner's code printed: data, never to be trusted. They are kept as they are,
but short, few, and without what looks like a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from labproof.analysis.log import invocations, is_report, is_trouble, started
from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import attempt
from labproof.aws.connection import Connection
from labproof.evidence.redaction import redact

# What one answer holds at most, and all that an emulator gives of a longer log
MAX_EVENTS = 10_000
READING = "filter_log_events"
# Lines that begin and end invocations, in the log's two formats, and that tell of trouble
FRAME = ("START RequestId", "REPORT RequestId", "platform.start", "platform.report")
TROUBLE = ("ERROR", "Error", "Exception", "CRITICAL", "Traceback", "timed out", "exited")
MAX_LINE = 500
MAX_LINES = 40
CLOCK_TOLERANCE_MS = 1000
# An error that left the handler, which makes Lambda try again; one that was only logged does not.
RAISED = re.compile(
    r"^\[ERROR\] (?!\t)|^Traceback \(most recent call last\):|Task timed out after"
    r"|Runtime exited with error|^(INIT_)?REPORT .*\bStatus: (error|failure|timeout)\b"
    r"|\bRuntime\.(\w+Error|HandlerNotFound|Unknown)\b"
)


@dataclass(frozen=True)
class Invocation:
    """One invocation. Times are milliseconds since the epoch; ``ended_ms`` None: no end is seen.

    ``raised``: an error left the handler, so that Lambda tries again.
    """

    request_id: str | None
    started_ms: int
    ended_ms: int | None
    raised: bool
    lines: list[str] = field(repr=False)

    def trouble(self, key: str) -> list[str]:
        """Return the lines that tell of an error; the key may say what it likes."""
        return [line for line in self.lines if _is_trouble(line, key)]

    @property
    def worked(self) -> bool:
        return self.ended_ms is not None and not self.raised


def read_invocations(
    connection: Connection, function: str, since_ms: int, marks: tuple[str, ...] = ()
) -> Any:
    """Return a function's invocations since a time, by their start, or an error.

    Of a log with MAX_EVENTS lines or more, only those are read that begin or end an invocation,
    hold one of the ``marks``, or tell of an error.
    """
    read = partial(_events, connection, function, since_ms)
    events = attempt(READING, read)
    if not is_error(events) and len(events or []) >= MAX_EVENTS:
        events = attempt(READING, lambda: _telling(read, marks))
    if is_error(events):
        return events
    return [_invocation(one) for one in invocations(events or [])]


def _events(
    connection: Connection, function: str, since_ms: int, pattern: str = ""
) -> list[dict[str, Any]]:
    pages = (
        connection.client("logs")
        .get_paginator(READING)
        .paginate(
            logGroupName=f"/aws/lambda/{function}",
            startTime=since_ms - CLOCK_TOLERANCE_MS,
            PaginationConfig={"MaxItems": MAX_EVENTS},
            **({"filterPattern": pattern} if pattern else {}),
        )
    )
    return [event for page in pages for event in page["events"]]


def _telling(read: Callable[..., list[dict[str, Any]]], marks: tuple[str, ...]) -> Any:
    """Ask for lines of each kind by itself: an emulator does not know how to ask for either."""
    needed = [read(pattern=f'"{pattern}"') for pattern in (*FRAME, *marks)]
    if any(len(found) >= MAX_EVENTS for found in needed):
        return error_of(READING, "TooManyEvents", f"over {MAX_EVENTS} lines about invocations")
    found = [*needed, *(read(pattern=f'"{pattern}"') for pattern in TROUBLE)]
    unique = {(e["logStreamName"], e["timestamp"], e["message"]): e for part in found for e in part}
    return sorted(unique.values(), key=_place)


def _place(event: dict[str, Any]) -> tuple[int, str, int]:
    """Return what puts an event into its stream's order; AWS numbers events of one moment."""
    line = event["message"]
    rank = 0 if started(line) else 2 if is_report(line) else 1
    return event["timestamp"], event.get("eventId", ""), rank


def _invocation(events: list[dict[str, Any]]) -> Invocation:
    lines = [event["message"].rstrip() for event in events]
    requests = [request for line in lines if (request := started(line))]
    ends = [
        event["timestamp"] for event, line in zip(events, lines, strict=True) if is_report(line)
    ]
    return Invocation(
        next(iter(requests), None),
        events[0]["timestamp"],
        max(ends, default=None),
        any(_raised(line) for line in lines),
        lines,
    )


def _raised(line: str) -> bool:
    if line.startswith("{"):
        return _raised_in_json(line)
    return bool(RAISED.search(line))


def _raised_in_json(line: str) -> bool:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return False
    record = entry.get("record")
    ended = isinstance(record, dict) and record.get("status") in ("error", "failure", "timeout")
    return ended or ("stackTrace" in entry and "logger" not in entry)


@lru_cache(maxsize=MAX_EVENTS)
def _is_trouble(line: str, key: str) -> bool:
    return is_trouble(line, key)


def excerpt(lines: list[str]) -> list[str]:
    """Return lines fit for a document: few, short, without secrets; the first and the last."""
    if len(lines) > MAX_LINES:
        left_out = f"({len(lines) - MAX_LINES} lines left out)"
        lines = [*lines[: MAX_LINES // 2], left_out, *lines[-MAX_LINES // 2 :]]
    return [redact(line[: 4 * MAX_LINE])[:MAX_LINE] for line in lines]
