"""Prove file-metadata: each fresh object leaves one item that says what S3 says of it.

Evidence, beside what every flow has::

    uploads: {"plain", "hard", "empty", "multipart": UPLOAD}
    table_metrics: {"source": "CloudWatch" | "items counted", "writes": n} | error

An UPLOAD has ``items``: what the table has under its key, in DynamoDB's JSON (or an error), and
``stored_ms``, when there was first something. What the extensions in use show comes beside it
(:class:`labproof.prove.extensions.Watch`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.uploads.following import Watch, follow, together, upload_all
from labproof.evidence.uploads.reading import asked, now_ms
from labproof.evidence.uploads.upload import Upload, fresh, read_head, send
from labproof.labs.lab import Lab

FIVE_MIB = 5 * 1024 * 1024  # the smallest part that S3 takes, the last one aside
KEYS = {
    "plain": "{}.txt",
    "hard": "{}/A b+c %25 é &$@=;:,?'()! {}.txt",
    "empty": "{} empty",
    "multipart": "{}.bin",
}
MULTIPART, EMPTY = "multipart", "empty"
MAX_ITEMS = 10


@dataclass
class Stored(Upload):
    """An upload with the items that its key has in the table."""

    items: Any = field(default_factory=list)
    stored_ms: int | None = None


class Metadata:
    """Fresh uploads to a lab that writes an item about each."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        self.lab, self.connection = lab, connection
        self.watch = Watch(lab, connection, self.look, self.is_seen)

    def send(self) -> dict[str, Any]:
        """Upload fresh objects, one without bytes and one in parts; return what became of each."""
        made = [fresh(label, form) for label, form in KEYS.items()]
        uploads = [Stored(**vars(upload)) for upload in made]
        answers = upload_all(self.watch, self.put, uploads)
        return {u.label: answer for u, answer in zip(uploads, answers, strict=True)}

    def put(self, upload: Stored) -> Any:
        bucket = self.lab.source.bucket
        if upload.label == MULTIPART:
            return put_in_parts(self.connection, bucket, upload)
        body = b"" if upload.label == EMPTY else secrets.token_bytes(100)
        return send(self.connection, bucket, upload, body)

    def follow(self, timeout: float) -> None:
        follow(self.watch, timeout)

    def look(self, watch: Watch) -> None:
        together(self.look_for_item, [u for u in watch.pending if not self.is_seen(u)])

    def look_for_item(self, upload: Stored) -> None:
        """Ask for the items under an upload's key; another type of key is no answer."""
        dynamodb = self.connection.client("dynamodb")
        request = {
            "TableName": self.lab.table.name,
            "KeyConditionExpression": "#key = :key",
            "ExpressionAttributeNames": {"#key": str(self.lab.table.partition_key)},
            "ExpressionAttributeValues": {":key": {"S": upload.key}},
            "ConsistentRead": True,
            "Limit": MAX_ITEMS,
        }
        found = asked("query", lambda: dynamodb.query(**request)["Items"])
        other_key = is_error(found) and found["error"]["code"] == "ValidationException"
        upload.items = [] if found is None or other_key else found
        if found and not is_error(found):
            upload.stored_ms = self.watch.now()

    def is_seen(self, upload: Upload) -> bool:
        return isinstance(upload, Stored) and upload.stored_ms is not None


def put_in_parts(connection: Connection, bucket: str, upload: Upload) -> Any:
    """Upload one object in two parts; return the upload, None, or an error."""
    s3, place = connection.client("s3"), {"Bucket": bucket, "Key": upload.key}
    bodies = (secrets.token_bytes(FIVE_MIB), secrets.token_bytes(100))
    upload.size, upload.signed_ms = sum(map(len, bodies)), now_ms()
    started = asked("create_multipart_upload", lambda: s3.create_multipart_upload(**place))
    if started is None or is_error(started):
        return started
    whole = place | {"UploadId": started["UploadId"]}
    answer = asked("complete_multipart_upload", lambda: _complete(s3, whole, bodies))
    if answer is None or is_error(answer):
        asked("abort_multipart_upload", lambda: s3.abort_multipart_upload(**whole))
        return answer
    upload.uploaded_ms, upload.version_id = now_ms(), answer.get("VersionId")
    upload.head = read_head(s3, bucket, upload.key, upload.version_id)
    return upload


def _complete(s3: Any, whole: dict[str, str], bodies: tuple[bytes, ...]) -> Any:
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(PartNumber=n, Body=body, **whole)["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    return s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **whole)


def as_proof(upload: dict[str, Any], bucket: str) -> dict[str, Any]:
    """Return an upload as :func:`labproof.prove.metadata.item_problems` compares it.

    Several items under one key are those of several buckets. Raises Unreadable where the object
    or its item could not be read.
    """
    head, items = upload["head"] or {}, upload["items"]
    mine = [item for item in items if item.get("BucketName") == {"S": bucket}] or items
    return {
        "key": upload["key"],
        "item": mine[0] if mine else None,
        "head": {
            "ObjectKey": upload["key"],
            "BucketName": bucket,
            "FileSize": head.get("size"),
            "ETag": head.get("etag"),
            "LastModified": head.get("modified_ms", 0) / 1000,
        },
    }
