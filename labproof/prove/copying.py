"""Prove event-copy: a CSV file with metadata and tags arrives whole, and the listing shows it."""

from __future__ import annotations

from typing import Any

from labproof.aws import Connection
from labproof.labs import Lab
from labproof.probe.cleaning import remove_objects
from labproof.probe.effects import is_listed, look_for_copies
from labproof.probe.following import Watch, follow
from labproof.probe.reading import asked
from labproof.probe.uploads import TYPES, Upload, fresh, fresh_csv, send
from labproof.prove.certain import certain

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
    certain(send(connection, lab.source_bucket, upload, fresh_csv(), Tagging="purpose=proof"))
    watch.add(upload)
    follow(watch, timeout)
    certain(watch.attempts)
    s3, bucket = connection.client("s3"), str(lab.destination_bucket)
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
    for name in (lab.source_bucket, bucket):
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
