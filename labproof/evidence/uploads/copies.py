"""Look for the copies of uploads: in the destination, under the same key, or another."""

from __future__ import annotations

import hashlib
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import attempt, call, nothing
from labproof.aws.connection import Connection
from labproof.evidence.uploads.upload import Upload

MAX_STRAYS = 10
CHUNK = 1 << 20


def read_copy(connection: Connection, bucket: str, key: str) -> Any:
    """Return what is at a key: its checksum, size, type and metadata; None, or an error."""
    s3 = connection.client("s3")
    return attempt("get_object", lambda: _digest(s3.get_object(Bucket=bucket, Key=key)))


def _digest(found: dict[str, Any]) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    for chunk in found["Body"].iter_chunks(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return {
        "sha256": digest.hexdigest(),
        "size": size,
        "content_type": found.get("ContentType"),
        "metadata": found.get("Metadata", {}),
        "version_id": found.get("VersionId"),
    }


def read_tags(connection: Connection, bucket: str, key: str) -> Any:
    """Return an object's tags: ``{name: value}``, None, or an error."""
    asked = call("s3", "get_object_tagging", "TagSet", Bucket=bucket, Key=key)
    found = asked.answer(connection)
    return found if nothing(found) else {tag["Key"]: tag["Value"] for tag in found}


def strays(connection: Connection, bucket: str, upload: Upload) -> list[str]:
    """Return other keys that begin with an upload's unguessable name: copies in the wrong place."""
    names = {
        part[: part.find(upload.token) + len(upload.token)]
        for part in upload.key.split("/")
        if upload.token and upload.token in part
    }
    found = [key for name in names for key in _listed(connection, bucket, name)]
    return [key for key in dict.fromkeys(found) if key != upload.key]


def _listed(connection: Connection, bucket: str, prefix: str) -> list[str]:
    place = {"Bucket": bucket, "Prefix": prefix}
    asked = call("s3", "list_objects_v2", "Contents", MaxKeys=MAX_STRAYS, **place)
    listed = asked.answer(connection)
    return [] if nothing(listed) else [entry["Key"] for entry in listed]


def is_listed(connection: Connection, bucket: str, key: str) -> Any:
    """Tell whether a bucket's listing shows a key: True, False, or an error."""
    asked = call("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=key)
    listed = asked.answer(connection)
    return listed if is_error(listed) else any(entry["Key"] == key for entry in listed or [])
