"""Remove what a probe left: exactly the objects it uploaded, their copies, and their items.

Keys and partition keys are unguessable, so what is found under them can only be the probe's. What
cannot be removed stays, and is told.
"""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import call, nothing
from labproof.aws.connection import Connection
from labproof.evidence.uploads.following import together

BATCH = 25
OBJECTS = 1000
MAX_ROUNDS = 5

LeftBehind = dict[str, str]


def remove_objects(
    connection: Connection, bucket: str | None, keys: list[str], versioned: bool
) -> list[LeftBehind]:
    """Delete objects by their exact keys, every version of them; return what stays."""
    if not bucket or not keys:
        return []
    wanted = [{"Key": key} for key in dict.fromkeys(keys)]
    if versioned:
        found = together(lambda key: versions(connection, bucket, key["Key"]), wanted)
        wanted = [one for listed in found for one in listed]
    kept: list[LeftBehind] = []
    for at in range(0, len(wanted), OBJECTS):
        batch = wanted[at : at + OBJECTS]
        delete = {"Objects": batch, "Quiet": True}
        answer = call("s3", "delete_objects", Bucket=bucket, Delete=delete).answer(connection)
        if is_error(answer):
            kept += [stays(f"s3://{bucket}/{one['Key']}", answer["error"]["code"]) for one in batch]
        else:
            errors = (answer or {}).get("Errors", [])
            kept += [stays(f"s3://{bucket}/{e['Key']}", e.get("Code", "")) for e in errors]
    return kept


def versions(connection: Connection, bucket: str, key: str) -> list[dict[str, str]]:
    """Return each version and delete marker of exactly one key; the key alone if unreadable."""
    asked = call("s3", "list_object_versions", Bucket=bucket, Prefix=key)
    listed = asked.answer(connection)
    if nothing(listed):
        return [{"Key": key}]
    entries = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    return [
        {"Key": key, "VersionId": e["VersionId"]}
        for e in entries
        if e["Key"] == key and "VersionId" in e
    ]


def remove_items(
    connection: Connection,
    table: str | None,
    key: list[dict[str, str]],
    items: list[dict[str, Any]],
) -> list[LeftBehind]:
    """Delete items (DynamoDB's JSON) by their table's key, in batches; return what stays."""
    names = [part["name"] for part in key]
    keys = [{n: item[n] for n in names} for item in items if names and {*names} <= {*item}]
    if not table or not keys:
        return []
    batches = [keys[at : at + BATCH] for at in range(0, len(keys), BATCH)]
    refused = together(lambda batch: _remove_batch(connection, table, batch), batches)
    return [stays(f"items in {table}", code) for code in dict.fromkeys(filter(None, refused))]


def _remove_batch(connection: Connection, table: str, keys: list[dict[str, Any]]) -> str | None:
    """Delete up to 25 items; return why some stay."""
    waiting = [{"DeleteRequest": {"Key": key}} for key in keys]
    for _ in range(MAX_ROUNDS):
        asked = call("dynamodb", "batch_write_item", RequestItems={table: waiting})
        answer = asked.answer(connection)
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
