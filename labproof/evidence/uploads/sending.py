"""Put uploads into a bucket, whole or in parts, and read what S3 says of them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from labproof.aws.asking import attempt, call, nothing
from labproof.aws.connection import Connection
from labproof.evidence.uploads.clock import now_ms
from labproof.evidence.uploads.upload import Upload

# AWS's clock is told in whole seconds; smaller differences are none.
SMALLEST_SKEW_MS = 2000
FIVE_MIB = 5 * 1024 * 1024  # the smallest part that S3 takes, the last one aside


def put(connection: Connection, bucket: str, upload: Upload, body: bytes, **more: Any) -> Any:
    """Put an upload's object; return the upload with what became of it, None, or an error."""
    s3, asked_ms = connection.client("s3"), now_ms()
    request = {"Bucket": bucket, "Key": upload.key, "Body": body, "Metadata": upload.metadata}
    answer = attempt(
        "put_object",
        lambda: s3.put_object(ContentType=upload.content_type, **request, **more),
    )
    sent = replace(upload, size=len(body), sha256=hashlib.sha256(body).hexdigest())
    return answer if nothing(answer) else _sent(connection, bucket, sent, answer, asked_ms)


def put_in_parts(connection: Connection, bucket: str, upload: Upload) -> Any:
    """Upload an object in two parts; return the upload, None, or an error."""
    s3, place, asked_ms = connection.client("s3"), {"Bucket": bucket, "Key": upload.key}, now_ms()
    bodies = (secrets.token_bytes(FIVE_MIB), secrets.token_bytes(100))
    started = call("s3", "create_multipart_upload", **place).answer(connection)
    if nothing(started):
        return started
    whole = place | {"UploadId": started["UploadId"]}
    answer = attempt("complete_multipart_upload", lambda: _complete(s3, whole, bodies))
    if nothing(answer):
        call("s3", "abort_multipart_upload", **whole).answer(connection)
        return answer
    sent = replace(upload, content_type=None, metadata={}, size=sum(map(len, bodies)))
    return _sent(connection, bucket, sent, answer, asked_ms)


def _complete(s3: Any, whole: dict[str, str], bodies: tuple[bytes, ...]) -> Any:
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(PartNumber=n, Body=body, **whole)["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    return s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **whole)


def _sent(
    connection: Connection, bucket: str, upload: Upload, answer: dict[str, Any], asked_ms: int
) -> Upload:
    answered_ms, version = now_ms(), answer.get("VersionId")
    skew = skew_ms(answer, asked_ms, answered_ms)
    return replace(
        upload,
        signed_ms=asked_ms + skew,
        uploaded_ms=answered_ms + skew,
        skew_ms=skew,
        version_id=version,
        head=read_head(connection, bucket, upload.key, version),
    )


def skew_ms(answer: dict[str, Any], asked_ms: int, answered_ms: int) -> int:
    """Return how far AWS's clock is ahead of ours, as its answer tells; 0 where they can agree."""
    stamp = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        dated = int(parsedate_to_datetime(str(stamp)).timestamp() * 1000)
    except ValueError:
        return 0
    # The answer was dated between the two, and rounded down to a second.
    if dated > answered_ms + SMALLEST_SKEW_MS:
        return dated - answered_ms
    behind = asked_ms - (dated + 1000)
    return -behind if behind > SMALLEST_SKEW_MS else 0


def read_head(connection: Connection, bucket: str, key: str, version_id: str | None) -> Any:
    """Return what S3 says of an object, None, or an error.

    Shape: ``{"size", "etag", "modified_ms", "encryption": {"algorithm", "key"}}``.
    """
    version = {"VersionId": version_id} if version_id else {}
    head = call("s3", "head_object", Bucket=bucket, Key=key, **version).answer(connection)
    if nothing(head):
        return head
    return {
        "size": head["ContentLength"],
        "etag": head["ETag"].strip('"'),
        "modified_ms": int(head["LastModified"].timestamp() * 1000),
        "encryption": {
            "algorithm": head.get("ServerSideEncryption"),
            "key": head.get("SSEKMSKeyId"),
        },
    }
