"""Prove file-metadata: each fresh object leaves one item that says what S3 says of it."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from typing import Any

from labproof.analysis.items import moment
from labproof.aws.asking import call
from labproof.aws.connection import Connection
from labproof.evidence.collect.logs import read_invocations
from labproof.evidence.prove import extensions
from labproof.evidence.uploads.reading import moments
from labproof.labs.lab import Lab

FIVE_MIB = 5 * 1024 * 1024  # the smallest part that S3 takes, the last one aside
ATTRIBUTES = ("ObjectKey", "BucketName", "FileSize", "ETag", "UploadTime", "ProcessedAt")
UPLOAD_TOLERANCE_S = 2
KEYS = {
    "plain": "verify/{}.txt",
    "hard": "verify/a b+c %25 é {}.txt",
    "empty": "verify/{} empty",
}
MULTIPART = "multipart"


def prove(lab: Lab, connection: Connection, timeout: float) -> dict[str, Any]:
    """Upload fresh objects, one of them in parts, and wait for their items.

    Returns ``{"uploads": {label: {"key", "uploaded_ms", "head", "item", "seen_ms"}}, "errors",
    "extensions": {extension: [problem]}}``; ``item`` is in DynamoDB's JSON, or None when none came
    in time (seconds). What the extensions showed comes with it (:class:`extensions.Watch`).
    """
    started_ms = time.time_ns() // 1_000_000
    with extensions.watching(lab, connection) as watch:
        uploads = {label: upload(lab, connection, form) for label, form in KEYS.items()}
        uploads[MULTIPART] = upload_in_parts(lab, connection)
        keys = [seen["key"] for seen in uploads.values()]
        watch.start(keys)
        for _ in moments(timeout):
            found = [look(lab, connection, seen) for seen in uploads.values()]
            complete = watch.look() and all(found)
            log = read_invocations(connection, lab.function.name, started_ms)
            if complete or log["errors"]:
                break
    problems = extensions.problems(lab, keys, watch.seen)
    return {
        "uploads": uploads,
        "started_ms": started_ms,
        "extensions": problems,
        **watch.seen,
        **log,
    }


def upload(lab: Lab, connection: Connection, form: str) -> dict[str, Any]:
    """Upload one small object; the form "empty" has no bytes at all."""
    key = form.format(secrets.token_hex(8))
    body = b"" if key.endswith("empty") else secrets.token_bytes(100)
    connection.client("s3").put_object(Bucket=lab.source.bucket, Key=key, Body=body)
    return described(lab, connection, key)


def upload_in_parts(lab: Lab, connection: Connection) -> dict[str, Any]:
    """Upload one object in two parts."""
    s3, key = connection.client("s3"), f"verify/{secrets.token_hex(8)}.bin"
    place = {"Bucket": lab.source.bucket, "Key": key}
    whole = place | {"UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(PartNumber=n, Body=body, **whole)["ETag"]}
        for n, body in ((1, secrets.token_bytes(FIVE_MIB)), (2, b"the rest"))
    ]
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **whole)
    return described(lab, connection, key)


def described(lab: Lab, connection: Connection, key: str) -> dict[str, Any]:
    """Return what S3 says of an object, in the words of the item."""
    head = connection.client("s3").head_object(Bucket=lab.source.bucket, Key=key)
    return {
        "key": key,
        "uploaded_ms": time.time_ns() // 1_000_000,
        "head": {
            "ObjectKey": key,
            "BucketName": lab.source.bucket,
            "FileSize": head["ContentLength"],
            "ETag": head["ETag"].strip('"'),
            "LastModified": head["LastModified"].timestamp(),
        },
        "item": None,
        "seen_ms": None,
    }


def look(lab: Lab, connection: Connection, seen: dict[str, Any]) -> bool:
    """Look for an upload's item by its key; tell whether it is there."""
    if seen["item"] is None:
        item = call(
            "dynamodb",
            "query",
            "Items",
            TableName=lab.table.name,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": lab.table.partition_key},
            ExpressionAttributeValues={":key": {"S": seen["key"]}},
            ConsistentRead=True,
        ).answer(connection)
        if isinstance(item, list) and item:
            seen["item"], seen["seen_ms"] = item[0], time.time_ns() // 1_000_000
    return seen["item"] is not None


def item_problems(seen: dict[str, Any]) -> list[str]:
    """Compare an item with what S3 says of its object (``metadata.item``); a clause per problem."""
    item, head = seen["item"], seen["head"]
    if item is None:
        return [f"expected an item for {seen['key']!r}, found none"]
    problems = [f"{name} is missing" for name in ATTRIBUTES if name not in item]
    wanted = {name: {"S": head[name]} for name in ("ObjectKey", "BucketName", "ETag")}
    wanted["FileSize"] = {"N": str(head["FileSize"])}
    problems += [
        f"{name}: expected {value}, found {item[name]}"
        for name, value in wanted.items()
        if name in item and item[name] != value
    ]
    uploaded, processed = (_utc(item.get(name, {})) for name in ("UploadTime", "ProcessedAt"))
    if "UploadTime" in item and not _near(uploaded, head["LastModified"]):
        problems.append(f"UploadTime: expected S3's time of the upload, found {item['UploadTime']}")
    if "ProcessedAt" in item and (processed is None or processed < head["LastModified"] - 2):
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


def _near(found: float | None, wanted: float) -> bool:
    # S3 rounds LastModified to whole seconds.
    return found is not None and abs(found - wanted) <= UPLOAD_TOLERANCE_S
