"""A bucket and a table far larger than a lab's: found by key or query, never by a full listing.

TEST_LARGE_ACCOUNT=1 gives them 100,000 objects and items, which takes some minutes.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.grading.judge import judge
from tests.support.grading import Asked, client_files, told
from tests.support.learner import STEPS

from .conftest import Enrol

pytestmark = pytest.mark.once(reason="which calls are made is the same in each series")

LARGE = bool(os.environ.get("TEST_LARGE_ACCOUNT"))
SIZE = 100_000 if LARGE else 1_100
BATCH = 25
TIMEOUT_S, LONGEST_S = 60.0, 90.0
WORKERS = 8
# What is in the table, by the kind: audit items that nobody knows the keys of, or items by key
ITEMS: dict[str, Callable[[int], dict[str, Any]]] = {
    "file_transfer": lambda n: {"LogID": {"S": f"old-{n}"}, "ObjectKey": {"S": f"old/{n}.zip"}},
    "file_metadata": lambda n: {"ObjectKey": {"S": f"old/{n}.zip"}, "FileSize": {"N": "3"}},
}


def build_large(entry: InventoryLab) -> None:
    """Build a lab whose bucket and table were in use for long before it had a trigger."""
    for name, step in STEPS.items():
        if name == "trigger":
            fill_bucket(entry)
            fill_table(entry)
        step(entry.lab, entry.connection)


def fill_bucket(entry: InventoryLab) -> None:
    s3, bucket = entry.connection.client("s3"), entry.lab.source.bucket
    with ThreadPoolExecutor(WORKERS) as pool:
        put = lambda n: s3.put_object(Bucket=bucket, Key=f"old/{n}.zip", Body=b"old")  # noqa: E731
        assert all(pool.map(put, range(SIZE)))


def fill_table(entry: InventoryLab) -> None:
    dynamodb, table = entry.connection.client("dynamodb"), entry.lab.table.name
    item = ITEMS[entry.lab.kind]

    def write(first: int) -> bool:
        puts = [{"PutRequest": {"Item": item(n)}} for n in range(first, min(first + BATCH, SIZE))]
        return not dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]

    with ThreadPoolExecutor(WORKERS) as pool:
        assert all(pool.map(write, range(0, SIZE, BATCH)))


@pytest.mark.parametrize("kind", ITEMS)
def test_a_large_account_is_graded_by_bounded_reads(
    enrol: Enrol, recorded: list[Asked], kind: str, record_property: Callable[[str, object], None]
) -> None:
    entry = enrol(kind)
    build_large(entry)
    recorded.clear()
    start = time.monotonic()
    snapshot = take(entry, client_files(entry), TIMEOUT_S)
    seconds = time.monotonic() - start
    result = judge(Snapshot(snapshot))
    assert (told(result), result["score"]) == ([], 100)
    calls = Counter(asked.operation for asked in recorded)
    figures = {"seconds": round(seconds, 1), "bytes": len(json.dumps(snapshot)), "calls": calls}
    record_property("figures", json.dumps(figures, default=dict))  # xdist passes on plain data only
    assert len(json.dumps(snapshot)) < 200_000
    assert seconds < LONGEST_S, figures
    assert whole_listings(recorded) <= 1, figures
    assert calls["s3.ListObjectVersions"] == 0
    assert ("dynamodb.Scan" in calls) == (kind == "file_transfer"), "audit items have any key"
    print(figures)


def whole_listings(recorded: list[Asked]) -> int:
    """Count the pages that were asked for of a whole bucket."""
    listed = [a.request for a in recorded if a.operation == "s3.ListObjectsV2"]
    return sum(not request.get("Prefix") for request in listed)
