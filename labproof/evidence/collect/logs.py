"""Log groups, and what functions write into them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.analysis.log import invocations, is_report, is_trouble
from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, nothing
from labproof.aws.connection import Connection
from labproof.aws.errors import is_absent
from labproof.evidence.redaction import redact

MAX_LOG_EVENTS = 5000
MAX_LINE = 500


def log_group(name: str) -> Reader:
    """Read a log group: name, ARN, retention in days; None when absent."""
    (groups,) = yield [call("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)]
    if is_error(groups):
        return groups
    # Groups come in the order of their names: the one that is no longer than the prefix is first.
    group = next((g for g in groups or [] if g["logGroupName"] == name), None)
    if group is None:
        return None
    arn = group["arn"].removesuffix(":*")
    return {
        "name": name,
        "arn": arn,
        "retention_days": group.get("retentionInDays"),
    }


def survey(name: str) -> Reader:
    """Read a log group with its tags."""
    found = yield from log_group(name)
    if nothing(found):
        return found
    (tags,) = yield [call("logs", "list_tags_for_resource", "tags", resourceArn=found["arn"])]
    return found | {"tags": tags or {}}


def read_invocations(connection: Connection, function: str, since_ms: int) -> dict[str, Any]:
    """Return a function's log since a time.

    Shape: ``{"log": [line], "errors": [line], "reports": n, "invocations": [[line]]}``.
    """
    pages = (
        connection.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{function}",
            startTime=since_ms - 1000,
            PaginationConfig={"MaxItems": MAX_LOG_EVENTS},
        )
    )
    try:
        events = [event for page in pages for event in page["events"]]
    except ClientError as error:
        if not is_absent(error):
            raise
        events = []
    lines = [event["message"].rstrip() for event in events]
    return {
        "log": [redact(line) for line in lines],
        "errors": [redact(line)[:MAX_LINE] for line in lines if is_trouble(line, "")],
        "reports": sum(is_report(line) for line in lines),
        "invocations": [[redact(e["message"].rstrip()) for e in i] for i in invocations(events)],
    }
