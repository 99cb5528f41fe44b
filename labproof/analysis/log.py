"""What a function's log says: which events are one invocation's, which lines tell of trouble."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

Event = dict[str, Any]

# Both formats: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
START = re.compile(r"START RequestId: (\S+)")
REPORT = re.compile(r"REPORT RequestId: ")
INIT = re.compile(r"INIT_START ")
ERROR_LEVELS = {"ERROR", "CRITICAL", "FATAL"}
ERROR_FIELDS = ("errorMessage", "errorType", "stackTrace", "exception")
FAILED = {"error", "failure", "timeout"}
FORMS = re.compile(
    r"Task timed out after|Traceback \(most recent call last\):|^\[(ERROR|CRITICAL)\]"
    r"|^(INIT_)?REPORT .*\bStatus: (error|failure|timeout)\b|\bRuntime exited with error"
    r"|\bRuntime\.(\w+Error|HandlerNotFound|Unknown)\b"
    r"|\bAn error occurred \(\w+\) when calling the",
    re.MULTILINE,
)
WORDS = re.compile(
    r"\b(ERROR|CRITICAL|FATAL)\b|^\W*(Error|Exception|Failure|Failed to)\b"
    r"|\b[A-Z]\w*(Error|Exception)\b[:(]|\b([Ee]rror|[Ee]xception) occurred\b",
    re.MULTILINE,
)
NO_TROUBLE = re.compile(
    r"\b(no|0|zero|without)( any)? (error|exception|failure)s?\b"
    r"|\b(error|exception|failure)s?\W{1,3}(0|none|null|false)\b",
    re.IGNORECASE,
)


def invocations(events: Iterable[Event]) -> list[list[Event]]:
    """Sort events into invocations: a stream holds one after the other, each begun by its START.

    What a stream holds before its first START is an invocation of its own: an older one's end.
    """
    found: list[list[Event]] = []
    latest: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda e: int(e["timestamp"])):
        stream = event["logStreamName"]
        if stream not in latest or _begins(event["message"], latest[stream]):
            latest[stream] = []
            found.append(latest[stream])
        latest[stream].append(event)
    return found


def started(line: str) -> str | None:
    """Return the request id of an invocation that a line begins."""
    if start := START.match(line):
        return start[1]
    request: str | None = _platform(line, "start").get("requestId")
    return request


def is_report(line: str) -> bool:
    """Tell whether a line ends an invocation."""
    return bool(REPORT.match(line) or _platform(line, "report"))


def names_key(line: str, key: str) -> bool:
    """Tell whether a line names an object's key, in whatever way it is written."""
    return any(form in line for form in _written(key)) or key in unquote_plus(line)


def is_trouble(line: str, key: str) -> bool:
    """Tell whether a line speaks of an error or a time-out; a key may say what it likes."""
    record = _record(line)
    level = str(record.get("level", "")).upper()
    ended = record.get("record")
    if level in ERROR_LEVELS or any(record.get(name) for name in ERROR_FIELDS):
        return True
    if isinstance(ended, dict) and ended.get("status") in FAILED:
        return True
    text = NO_TROUBLE.sub("", _without(key, line))
    return bool(FORMS.search(text)) or (not level and bool(WORDS.search(text)))


def _begins(line: str, before: list[Event]) -> bool:
    if INIT.match(line) or _platform(line, "initStart"):
        return True
    initialised = bool(INIT.match(first := before[0]["message"]) or _platform(first, "initStart"))
    fresh = initialised and not any(started(event["message"]) for event in before)
    return started(line) is not None and not fresh


def _record(line: str) -> dict[str, Any]:
    """Return a line that is a JSON object; empty where it is none."""
    try:
        found: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return found


def _platform(line: str, what: str) -> dict[str, Any]:
    """Return what Lambda itself says in a log of the JSON format."""
    record = _record(line)
    said = record.get("record") if record.get("type") == f"platform.{what}" else {}
    return said if isinstance(said, dict) else {}


@lru_cache
def _written(key: str) -> frozenset[str]:
    quoted = {quote(key), quote(key, safe=""), quote_plus(key), quote_plus(key, safe="/")}
    return frozenset({key, json.dumps(key)[1:-1], repr(key)[1:-1], *quoted})


def _without(key: str, line: str) -> str:
    """Take a key and its file name out of a line, but not out of a longer word or a [LEVEL]."""
    names = {key, key.rstrip("/").rpartition("/")[2]} - {""}
    forms = sorted({f for name in names for f in _written(name)}, key=len, reverse=True)
    either = "|".join(map(re.escape, forms))
    return re.sub(rf"(?<![\w\[])({either})(?![\w\]])", "", line)
