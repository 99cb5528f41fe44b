"""Prove event-copy: a CSV file with metadata and tags arrives whole, and the listing shows it."""

from __future__ import annotations

from typing import Any

from labproof.aws.connection import Connection
from labproof.evidence.prove.certain import certain
from labproof.evidence.uploads.cleaning import remove_objects
from labproof.evidence.uploads.effects import is_listed, look_for_copies
from labproof.evidence.uploads.following import Watch, follow
from labproof.evidence.uploads.reading import asked
from labproof.evidence.uploads.upload import TYPES, Upload, fresh, fresh_csv, send
from labproof.labs.lab import Lab

TAGS = {"purpose": "proof"}


def prove(lab: Lab, connection: Connection, timeout: float) -> dict[str, Any]:
    """Upload a fresh CSV with metadata and tags, and follow it to the destination.

    Returns the fields of Upload and ``sent`` and ``arrived``, each with ``content_type``,
    ``metadata``, ``tags``, ``sha256`` and ``size`` (``arrived`` is None when nothing came), and
    ``listed``: whether the destination's listing shows the copy. Raises AwsError where something
    could not be read.
    """
    watch = Watch(lab, connection, look_for_copies, lambda upload: bool(upload.copied_ms))
    upload = fresh("csv", "{}.csv")
    certain(send(connection, lab.source.bucket, upload, fresh_csv(), Tagging="purpose=proof"))
    watch.add(upload)
    follow(watch, timeout)
    certain(watch.attempts)
    s3, bucket = connection.client("s3"), lab.destination.bucket
    seen = upload.as_dict() | {
        "sent": {
            "content_type": TYPES["csv"],
            "metadata": upload.metadata,
            "tags": TAGS,
            "sha256": upload.sha256,
            "size": upload.size,
        },
        "arrived": arrived(s3, bucket, upload),
        "listed": certain(is_listed(s3, bucket, upload.key)),
    }
    for name in (lab.source.bucket, bucket):
        remove_objects(connection, name, [upload.key], bool(upload.version_id))
    return seen


def arrived(s3: Any, bucket: str, upload: Upload) -> dict[str, Any] | None:
    """Return what the destination says of the copy; None when it is not there."""
    if certain(upload.copied) is None:
        return None
    request = {"Bucket": bucket, "Key": upload.key}
    found = certain(asked("get_object_tagging", lambda: s3.get_object_tagging(**request)))
    copied = {name: value for name, value in upload.copied.items() if name != "version_id"}
    return copied | {"tags": {tag["Key"]: tag["Value"] for tag in found["TagSet"]}}
