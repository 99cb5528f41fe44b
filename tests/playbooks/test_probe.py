"""The probe on labs that were filled in by hand, that fail, and that work at the second try."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.evidence.uploads import probe
from labproof.grading.judge import ask
from labproof.grading.rubric import rubric
from labproof.labs.package import zip_bytes
from tests.support.world import World

TIMEOUT_S = 15
# PROBE_OTHER_ITEMS=100000 takes a quarter of a minute more.
OTHER_ITEMS = int(os.environ.get("PROBE_OTHER_ITEMS", "5000"))
AREAS = ("transfer", "ingest", "logs")
ONLY_THE_SAMPLE = """
import boto3
from urllib.parse import unquote_plus
def lambda_handler(event, context):
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        print("new object", key)
        if key == "sample.zip":
            source = {"Bucket": record["s3"]["bucket"]["name"], "Key": key}
            boto3.client("s3").copy_object(Bucket=%(destination)r, Key=key, CopySource=source)
"""
NAIVE = """
import boto3, datetime, hashlib, pathlib, tempfile, uuid
from urllib.parse import unquote_plus
def lambda_handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]
        key = %(decode)s(key)
        if %(condition)s:
            copy = boto3.client("s3").copy_object
            source = {"Bucket": bucket, "Key": unquote_plus(record["s3"]["object"]["key"])}
            copy(Bucket=%(destination)r, Key=key, CopySource=source)
        item = {
            "LogID": %(log_id)s, "SourceBucket": bucket, "DestinationBucket": %(destination)r,
            "ObjectKey": key, "Status": "Success", "Timestamp": %(stamp)s,
        }
        boto3.resource("dynamodb").Table(%(table)r).put_item(Item=item)
        %(more)s
"""
PLAIN = {
    "decode": "unquote_plus",
    "condition": "True",
    "log_id": "str(uuid.uuid4())",
    "stamp": "datetime.datetime.utcnow().isoformat()",
    "more": "pass",
}
# Raises the first time that it sees a key, and works the second time.
SECOND_TRY = NAIVE.replace(
    "        item = {",
    """        mark = pathlib.Path(tempfile.gettempdir(), hashlib.sha256(key.encode()).hexdigest())
        if not mark.exists():
            mark.touch()
            raise RuntimeError("try again: " + key)
        item = {""",
)


@contextmanager
def running(entry: InventoryLab, source: str, **parts: str) -> Iterator[None]:
    """Let another function run in the lab, for a while."""
    functions, name = entry.connection.client("lambda"), {"FunctionName": entry.lab.function.name}
    place = functions.get_function(**name)["Code"]["Location"]
    with urllib.request.urlopen(place, context=entry.connection.tls()) as answer:
        before = answer.read()
    names = {"destination": entry.lab.destination.bucket, "table": entry.lab.table.name}
    code = zip_bytes({"lambda_function.py": source % (PLAIN | names | parts)})
    functions.update_function_code(ZipFile=code, **name)
    try:
        yield
    finally:
        functions.update_function_code(ZipFile=before, **name)


def graded(entry: InventoryLab, timeout: float = TIMEOUT_S) -> dict[str, Any]:
    """Return what the checks of fresh uploads say by themselves, by id, and the document."""
    document = json.loads(json.dumps(take(entry, None, timeout)))
    mine = [r for i, r in rubric().items() if i in entry.lab.requirements and r.area in AREAS]
    return {"document": document} | {r.id: ask(r, Snapshot(document)) for r in mine}


def test_a_working_lab_passes_and_keeps_nothing_of_the_probe(built: World) -> None:
    entry = built.lab("xfusion")
    s3, dynamodb = entry.connection.client("s3"), entry.connection.client("dynamodb")
    found = graded(entry)
    passed = [name for name, one in found.items() if getattr(one, "status", "") == "passed"]
    assert {"transfer.invoked", "transfer.copied", "transfer.audited"} <= set(passed)
    assert {"transfer.hard-keys", "logs.no-errors", "logs.metrics"} <= set(passed)
    assert found["document"]["probe"]["left_behind"] == []
    for bucket in (entry.lab.source.bucket, entry.lab.destination.bucket):
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert dynamodb.scan(TableName=entry.lab.table.name)["Count"] == 0


def test_a_lab_that_was_filled_in_by_hand_fails(built: World) -> None:
    entry = built.lab("xfusion")
    s3, table = entry.connection.client("s3"), entry.connection.client("dynamodb")
    item = {"LogID": "typed-in", "ObjectKey": "sample.zip", "Status": "Success"}
    table.put_item(TableName=entry.lab.table.name, Item={k: {"S": v} for k, v in item.items()})
    with running(entry, ONLY_THE_SAMPLE):
        for bucket in (entry.lab.source.bucket, entry.lab.destination.bucket):
            s3.put_object(Bucket=bucket, Key="sample.zip", Body=b"the same")
        found = graded(entry)
    assert found["transfer.invoked"].status == "passed"
    assert found["transfer.copied"].status == "failed"
    assert found["transfer.audited"].status == "failed"
    # What is the learner's own stays.
    assert s3.list_objects_v2(Bucket=entry.lab.source.bucket)["KeyCount"] == 1
    assert table.scan(TableName=entry.lab.table.name)["Count"] == 1
    for bucket in (entry.lab.source.bucket, entry.lab.destination.bucket):
        s3.delete_object(Bucket=bucket, Key="sample.zip")
    table.delete_item(TableName=entry.lab.table.name, Key={"LogID": {"S": "typed-in"}})


@pytest.mark.parametrize(
    ("parts", "failed"),
    [
        ({}, set()),
        ({"decode": "str"}, {"transfer.hard-keys", "transfer.audited"}),
        ({"condition": "key.endswith('.zip')"}, {"transfer.hard-keys", "transfer.audited"}),
        ({"log_id": "'constant'"}, {"transfer.audited"}),
        ({"log_id": "key"}, {"transfer.audited"}),
        (
            {"stamp": "(datetime.datetime.utcnow() + datetime.timedelta(hours=9)).isoformat()"},
            {"transfer.audited"},
        ),
    ],
)
def test_a_fault_of_the_code_fails_by_itself(
    built: World, parts: dict[str, str], failed: set[str]
) -> None:
    entry = built.lab("xfusion")
    with running(entry, NAIVE, **parts):
        found = graded(entry)
    outcomes = {name: one for name, one in found.items() if name != "document"}
    assert {n for n, one in outcomes.items() if one.status != "passed"} == failed
    assert all(outcomes[name].status == "failed" for name in failed), outcomes


def test_what_works_at_the_second_try_has_worked(built: World) -> None:
    entry = built.lab("xfusion")
    with running(entry, SECOND_TRY):
        found = graded(entry)
    uploads = found["document"]["probe"]["uploads"]
    assert any(upload["retried"] for upload in uploads.values())
    assert {found[f"transfer.{name}"].status for name in ("copied", "audited")} == {"passed"}
    assert found["logs.no-errors"].status == "passed"
    assert count_items(entry) == 0


def test_a_function_that_fails_for_good_is_not_waited_for(built: World) -> None:
    entry = built.lab("xfusion")
    with running(entry, NAIVE, more="raise RuntimeError('never')"):
        start = time.monotonic()
        found = graded(entry, timeout=60)
    assert time.monotonic() - start < 30
    assert found["logs.no-errors"].status == "failed"
    assert "never" in found["logs.no-errors"].found
    assert count_items(entry) == 0


@contextmanager
def without_trigger(entry: InventoryLab) -> Iterator[None]:
    s3, bucket = entry.connection.client("s3"), {"Bucket": entry.lab.source.bucket}
    before = s3.get_bucket_notification_configuration(**bucket)
    before.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(NotificationConfiguration={}, **bucket)
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(NotificationConfiguration=before, **bucket)


def test_without_a_trigger_nothing_is_waited_for(built: World) -> None:
    entry = built.lab("xfusion")
    start = time.monotonic()
    with without_trigger(entry):
        seen = graded(entry, timeout=60)["document"]["probe"]
    assert time.monotonic() - start < 20
    assert seen["why_not"] == "the bucket notifies nobody of uploads"
    assert seen["anonymous"]["source"]["status"] == 200
    assert seen["anonymous"]["destination"]["of"] == "own object"


def test_without_a_bucket_there_is_no_upload(built: World) -> None:
    entry = built.lab("xfusion")
    seen = probe(entry.lab, entry.connection, {"source_bucket": None}, 60)
    assert seen
    assert seen["uploads"] is None


def test_a_refused_upload_is_an_error_of_all(built: World) -> None:
    entry = built.lab("secure-ingestion")
    # A bucket of another account: refused, and nobody can tell more.
    lab = built.lab("xfusion").lab
    seen = probe(lab, entry.connection, {}, 1)
    assert seen
    assert seen["uploads"]["error"]["call"] == "put_object"


def test_records_arrive_and_are_removed(built: World) -> None:
    entry = built.lab("secure-ingestion")
    found = graded(entry, timeout=30)
    for name in ("ingest.records", "ingest.rejects", "ingest.bulk", "logs.no-errors"):
        assert found[name].status == "passed", found[name]
    assert found["document"]["probe"]["left_behind"] == []
    dynamodb = entry.connection.client("dynamodb")
    assert dynamodb.scan(TableName=entry.lab.table.name, Select="COUNT")["Count"] == 0
    versions = entry.connection.client("s3").list_object_versions(Bucket=entry.lab.source.bucket)
    assert "Versions" not in versions or versions["Versions"] == []


def test_a_full_table_hides_nothing(built: World) -> None:
    """Among thousands of other items, what is sought is found in few pages."""
    entry = built.lab("xfusion")
    dynamodb = entry.connection.client("dynamodb")
    fill(dynamodb, entry.lab.table.name, OTHER_ITEMS)
    found = graded(entry)
    assert found["transfer.audited"].status == "passed"
    assert count_items(entry) == OTHER_ITEMS


def count_items(entry: InventoryLab) -> int:
    scan = entry.connection.client("dynamodb").get_paginator("scan")
    pages = scan.paginate(TableName=entry.lab.table.name, Select="COUNT")
    return sum(page["Count"] for page in pages)


def fill(dynamodb: Any, table: str, count: int) -> None:
    def put(start: int) -> None:
        for at in range(start, count, 100):
            names = [f"{secrets.token_hex(8)}-{n}" for n in range(at, at + 25)]
            items = [{"LogID": {"S": name}, "ObjectKey": {"S": name}} for name in names]
            requests = [{"PutRequest": {"Item": item}} for item in items]
            dynamodb.batch_write_item(RequestItems={table: requests})

    threads = [threading.Thread(target=put, args=(n * 25,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
