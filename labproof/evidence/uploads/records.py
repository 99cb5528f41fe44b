"""What is counted of a lab: calls in the event history, metrics of function and table."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import call, nothing
from labproof.aws.connection import Connection
from labproof.evidence.uploads.clock import moments
from labproof.labs.lab import Lab

MAX_EVENTS = 50
# AWS says that an event can take 15 minutes to appear.
HISTORY_DELAY_S = 15 * 60
CLOUDWATCH = "CloudWatch"
FUNCTION_METRICS = ("AWS/Lambda", "FunctionName", ("Invocations", "Errors"))
TABLE_METRICS = ("AWS/DynamoDB", "TableName", ("ConsumedWriteCapacityUnits",))


def recorded(lab: Lab, connection: Connection, since_ms: int) -> Any:
    """Return the names of the events that the event history has of the bucket since a time.

    AWS keeps management calls there (the collector's and the probe's own), never reads and writes
    of objects, and takes up to 15 minutes: until then nothing found is an error, not absence.
    """
    request = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": lab.source.bucket}],
        "StartTime": datetime.fromtimestamp(since_ms // 1000, UTC),
        "MaxResults": MAX_EVENTS,
    }
    found = call("cloudtrail", "lookup_events", "Events", **request).answer(connection)
    if nothing(found):
        return found
    names = [event["EventName"] for event in found]
    if not names and not connection.endpoint_url and _age_s(since_ms) < HISTORY_DELAY_S:
        return error_of("lookup_events", "NotYet", "AWS takes up to 15 minutes: grade again then")
    return names


def call_on_record(lab: Lab, connection: Connection) -> None:
    """Make a management call on the bucket, which the event history then has."""
    call("s3", "get_bucket_versioning", Bucket=lab.source.bucket).answer(connection)


def metrics(
    connection: Connection,
    what: tuple[str, str, tuple[str, ...]],
    name: str,
    since_ms: int,
    wanted: int,
    timeout: float,
) -> Any:
    """Return the sums of CloudWatch metrics since a time: ``{metric: sum}``, or an error.

    AWS publishes them with minutes of delay: waits until the first of them is at least ``wanted``.
    When time (seconds) is up before anything was published, that is an error, not zero.
    """
    sums: Any = {}
    for _ in moments(timeout):
        sums = _sums(connection, what, name, since_ms)
        if is_error(sums) or next(iter(sums.values())) >= wanted:
            return sums
    if not any(sums.values()):
        return error_of("get_metric_statistics", "NotYet", f"none published in {timeout:.0f} s")
    return sums


def _sums(
    connection: Connection, what: tuple[str, str, tuple[str, ...]], name: str, since_ms: int
) -> Any:
    namespace, dimension, names = what
    sums = {}
    for metric in names:
        request = {
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": dimension, "Value": name}],
            "StartTime": datetime.fromtimestamp(since_ms // 60_000 * 60, UTC),
            "EndTime": datetime.now(UTC),
            "Period": 60,
            "Statistics": ["Sum"],
        }
        asked = call("cloudwatch", "get_metric_statistics", "Datapoints", **request)
        points = asked.answer(connection)
        if is_error(points):
            return points
        sums[metric] = sum(point["Sum"] for point in points or [])
    return sums


def _age_s(since_ms: int) -> float:
    return time.time() - since_ms / 1000
