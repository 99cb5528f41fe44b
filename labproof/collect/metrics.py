"""Metrics of CloudWatch, which AWS publishes with minutes of delay."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from labproof.aws import Connection

PAUSE_S, LONGEST_PAUSE_S = 5.0, 30.0


def read_metrics(
    connection: Connection, function: str, since_ms: int, wanted: int, timeout: float = 600
) -> dict[str, float]:
    """Return the sums of a function's Invocations and Errors since a time.

    Waits until ``wanted`` invocations are counted, or ``timeout`` seconds are over.
    """
    metrics = dict.fromkeys(("Invocations", "Errors"), ("AWS/Lambda", "FunctionName", function))
    return _sums(connection, metrics, since_ms, wanted, timeout)


def read_write_metrics(
    connection: Connection, table: str, since_ms: int, wanted: int, timeout: float = 600
) -> float:
    """Return a table's consumed write capacity units since a time; waits like read_metrics."""
    name = "ConsumedWriteCapacityUnits"
    metrics = {name: ("AWS/DynamoDB", "TableName", table)}
    return _sums(connection, metrics, since_ms, wanted, timeout)[name]


def _sums(
    connection: Connection,
    metrics: dict[str, tuple[str, str, str]],
    since_ms: int,
    wanted: int,
    timeout: float,
) -> dict[str, float]:
    """Sum up CloudWatch metrics, which AWS publishes with minutes of delay."""
    cloudwatch, pause = connection.client("cloudwatch"), PAUSE_S
    deadline = time.monotonic() + timeout
    while True:
        sums = {
            name: sum(
                point["Sum"]
                for point in cloudwatch.get_metric_statistics(
                    Namespace=namespace,
                    MetricName=name,
                    Dimensions=[{"Name": dimension, "Value": value}],
                    StartTime=datetime.fromtimestamp(since_ms // 60_000 * 60, UTC),
                    EndTime=datetime.now(UTC),
                    Period=60,
                    Statistics=["Sum"],
                )["Datapoints"]
            )
            for name, (namespace, dimension, value) in metrics.items()
        }
        if next(iter(sums.values())) >= wanted or time.monotonic() > deadline:
            return sums
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)
