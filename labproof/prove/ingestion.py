"""Prove secure-ingestion: every good record arrives, bad ones are named, plain HTTP is refused."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws import Connection, error_code
from labproof.follow import moments
from labproof.labs import Lab
from labproof.logs import is_trouble, names_key
from labproof.prove.prober import Prober
from labproof.readers import ask, read_invocations

BULK = 10_000
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
BAD_FILES = {
    "not JSON": b"this is no JSON at all",
    "not an array": b'{"device_id": "alone"}',
    "junk": b"\x00\xff junk" * 1_500_000,
}


def record(device: str, number: int) -> dict[str, Any]:
    """Return a good record."""
    stamp = (EPOCH + timedelta(seconds=number)).isoformat()
    return {"device_id": device, "timestamp": stamp, "value": number + 0.5}


def bad_records(device: str) -> list[Any]:
    """Return records that break one rule each."""
    good = record(device, 999_999)
    return [
        {k: v for k, v in good.items() if k != "device_id"},
        good | {"value": "much"},
        good | {"timestamp": 17},
        "no record",
    ]


def prove(lab: Lab, connection: Connection, timeout: float) -> dict[str, Any]:
    """Upload a mixed file, files that are no array of records, and 10,000 records; wait for all.

    Returns ``{"mixed": {"key", "sent", "stored"}, "bulk": {"sent", "stored"}, "rejected", "log",
    "errors", …}``: ``stored`` are the items found, ``rejected`` the log lines that name bad ones.
    """
    started_ms = time.time_ns() // 1_000_000
    device, bulk_device = (f"proof-{secrets.token_hex(8)}" for _ in range(2))
    bad_keys = [send(lab, connection, body) for body in BAD_FILES.values()]
    good = [record(device, n) for n in range(30)]
    bad = bad_records(device)
    mixed_key = send(lab, connection, json.dumps([*good[:20], *bad, *good[20:]]).encode())
    bulk = [record(bulk_device, n) for n in range(BULK)]
    bulk_key = send(lab, connection, json.dumps(bulk).encode())
    for _ in moments(timeout):
        stored = stored_records(lab, connection, device)
        many = stored_records(lab, connection, bulk_device)
        log = read_invocations(connection, lab.function, started_ms)
        rejected = {key: [line for line in log["log"] if key in line] for key in bad_keys}
        if len(stored) >= len(good) and len(many) >= BULK and all(rejected.values()):
            break
    return {
        "started_ms": started_ms,
        "stored_ms": time.time_ns() // 1_000_000,
        "mixed": {"key": mixed_key, "sent": good, "bad": len(bad), "stored": stored},
        "bulk": {"key": bulk_key, "sent": BULK, "stored": len(many)},
        "refused": rejected,
        "good_errors": good_errors(log["invocations"], bulk_key),
        **log,
    }


def good_errors(invocations: list[list[str]], key: str) -> list[str]:
    """Return the lines of trouble in the invocations that name a good file."""
    mine = [lines for lines in invocations if any(names_key(line, key) for line in lines)]
    return [line for lines in mine for line in lines if is_trouble(line, key)]


def send(lab: Lab, connection: Connection, body: bytes) -> str:
    """Upload a file under a fresh key and return the key."""
    key = f"verify/{secrets.token_hex(8)}.json"
    connection.client("s3").put_object(Bucket=lab.source_bucket, Key=key, Body=body)
    return key


def stored_records(lab: Lab, connection: Connection, device: str) -> list[dict[str, Any]]:
    """Return a device's items as records, in the order of their time stamps."""
    pages = (
        connection.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=lab.table,
            KeyConditionExpression="device_id = :device",
            ExpressionAttributeValues={":device": {"S": device}},
            ConsistentRead=True,
        )
    )
    items = (item for page in pages for item in page["Items"])
    return [{name: plain(value) for name, value in item.items()} for item in items]


def plain(value: dict[str, Any]) -> Any:
    """Return an attribute as JSON has it: a Number as a number, anything else as it is."""
    kind, content = next(iter(value.items()))
    return float(content) if kind == "N" else content


def over_http(lab: Lab, connection: Connection) -> dict[str, str]:
    """Ask for the bucket's listing over HTTPS and over plain HTTP, as a role, never as root.

    Returns ``{"https": "allowed" | CODE, "http": …}``: a bucket policy's denial does not bind the
    root user of the sandbox, so a role that may list is made for it and removed again.
    """
    with Prober(connection, lab.source_bucket) as prober:
        return {
            "https": listing(prober.client("s3"), lab.source_bucket),
            "http": listing(prober.plain_http().client("s3"), lab.source_bucket),
        }


def recorded(lab: Lab, connection: Connection, since_ms: int) -> list[str]:
    """Return the names of the events that the event history has of the bucket since a time."""
    events = ask(
        connection.client("cloudtrail"),
        "lookup_events",
        "Events",
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": lab.source_bucket}],
        StartTime=datetime.fromtimestamp(since_ms // 1000, UTC),
    )
    return [event["EventName"] for event in events] if isinstance(events, list) else []


def listing(s3: Any, bucket: str) -> str:
    try:
        s3.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        return error_code(error)
    return "allowed"
