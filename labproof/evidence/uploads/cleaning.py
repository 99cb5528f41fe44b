"""Remove what a probe left: exactly the objects it uploaded, their copies, and their items.

Keys and partition keys are unguessable, so what is found under them can only be the probe's. What
cannot be removed stays, and is told.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.uploads.following import together
from labproof.evidence.uploads.reading import asked

BATCH = 25
OBJECTS = 1000
MAX_TOLD = 50
MAX_ROUNDS = 5

LeftBehind = dict[str, str]


def remove_objects(
    connection: Connection, bucket: str | None, keys: list[str], versioned: bool
) -> list[LeftBehind]:
    """Delete objects by their exact keys, every version of them; return what stays."""
    if not bucket or not keys:
        return []
    s3 = connection.client("s3")
    wanted = [{"Key": key} for key in dict.fromkeys(keys)]
    if versioned:
        found = together(lambda key: versions(s3, bucket, key["Key"]), wanted)
        wanted = [one for listed in found for one in listed]
    kept: list[LeftBehind] = []
    for at in range(0, len(wanted), OBJECTS):
        batch = wanted[at : at + OBJECTS]
        answer = asked(
            "delete_objects",
            partial(s3.delete_objects, Bucket=bucket, Delete={"Objects": batch, "Quiet": True}),
        )
        if is_error(answer):
            kept += [stays(f"s3://{bucket}/{one['Key']}", answer["error"]["code"]) for one in batch]
        else:
            errors = (answer or {}).get("Errors", [])
            kept += [stays(f"s3://{bucket}/{e['Key']}", e.get("Code", "")) for e in errors]
    return kept


def versions(s3: Any, bucket: str, key: str) -> list[dict[str, str]]:
    """Return each version and delete marker of exactly one key; the key alone if unreadable."""
    listed = asked(
        "list_object_versions", lambda: s3.list_object_versions(Bucket=bucket, Prefix=key)
    )
    if listed is None or is_error(listed):
        return [{"Key": key}]
    entries = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    return [
        {"Key": key, "VersionId": e["VersionId"]}
        for e in entries
        if e["Key"] == key and "VersionId" in e
    ]


def remove_items(
    connection: Connection, table: str | None, keys: list[dict[str, Any]]
) -> list[LeftBehind]:
    """Delete items by their keys (DynamoDB's JSON), in batches; return what stays."""
    if not table or not keys:
        return []
    batches = [keys[at : at + BATCH] for at in range(0, len(keys), BATCH)]
    told = together(lambda batch: _remove_batch(connection, table, batch), batches)
    return [stays(f"items in {table}", code) for code in dict.fromkeys(filter(None, told))]


def _remove_batch(connection: Connection, table: str, keys: list[dict[str, Any]]) -> str | None:
    """Delete up to 25 items; return why some stay."""
    dynamodb = connection.client("dynamodb")
    waiting = [{"DeleteRequest": {"Key": key}} for key in keys]
    for _ in range(MAX_ROUNDS):
        answer = asked(
            "batch_write_item",
            partial(dynamodb.batch_write_item, RequestItems={table: waiting}),
        )
        if answer is None:
            return None
        if is_error(answer):
            return str(answer["error"]["code"])
        waiting = answer.get("UnprocessedItems", {}).get(table, [])
        if not waiting:
            return None
    return "unprocessed"


def stays(what: str, why: str) -> LeftBehind:
    return {"what": what, "why": why}
