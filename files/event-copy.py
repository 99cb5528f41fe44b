"""Copy each object that is uploaded to the source bucket to the destination bucket.

Trigger: new objects in the source bucket, reported by S3 itself or through EventBridge. The
environment variable DESTINATION_BUCKET names the bucket that the copies go to.

A copy keeps its key, content, metadata (content type and the like, and the user's own) and tags.
S3 may deliver an event twice and Lambda retries a failed one: the copy is then made again, over
the first one. From 1 GiB on it is made in parts, where boto3 carries metadata since s3transfer
0.18 and tags since 0.19; older ones drop them. Events of one key may arrive in any order, so in
versioned buckets the copy made last need not be that of the newest version.

The role needs s3:GetObject, s3:GetObjectVersion and s3:GetObjectTagging on the source's objects
(for the tags of a versioned object s3:GetObjectVersionTagging too), s3:PutObject, s3:GetObject
and s3:PutObjectTagging on the destination's, and s3:ListBucket on both buckets: without it, AWS
calls a missing object forbidden. The function's time-out must suit the largest object. Parts of
a copy that failed half-way can stay behind; a lifecycle rule of the destination removes them.
"""

import json
import os
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

DESTINATION_BUCKET = os.environ.get("DESTINATION_BUCKET", "")

GIB = 1024**3
# CopyObject ends at 5 GB; parts are copied in parallel, which is faster long before that.
TRANSFER_CONFIG = TransferConfig(multipart_threshold=GIB, multipart_chunksize=GIB // 4)
MAX_ERROR_LENGTH = 1000

s3 = boto3.client("s3")


class Upload(NamedTuple):
    """One new object, as its event describes it."""

    bucket: str
    key: str
    version_id: str | None


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Copy every upload of the event; only then raise the first error, if any."""
    if not DESTINATION_BUCKET:
        raise RuntimeError("DESTINATION_BUCKET is not set: let it name the destination bucket.")
    uploads = read_uploads(event)
    if not uploads:
        log("INFO", "the event reports no new object", request_id=context.aws_request_id)
    errors = [error for upload in uploads if (error := transfer(upload, context.aws_request_id))]
    if errors:
        raise errors[0]
    return {"copied": len(uploads), "keys": [upload.key for upload in uploads]}


def read_uploads(event: Any) -> list[Upload]:
    """Return the new objects that an event reports; the test event of a new trigger has none."""
    match event:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"detail": {"bucket": {"name": bucket}, "object": {"key": key, **stored}}}:
            return [Upload(bucket, key, stored.get("version-id"))] if is_new(event) else []
        case {"Records": [_, *_] as records} if all("s3" in record for record in records):
            return [from_s3(record["s3"]) for record in records if is_new(record)]
    raise ValueError("The event holds no S3 records: is the trigger a bucket or a rule for one?")


def is_new(report: dict[str, Any]) -> bool:
    """Tell whether S3 reports a new object and not, say, a deleted one, which a rule may match."""
    name: str = report.get("eventName") or report.get("detail-type") or "ObjectCreated"
    return name.replace(" ", "").startswith("ObjectCreated")


def from_s3(report: dict[str, Any]) -> Upload:
    """Return the upload that S3 itself reports, with its key encoded, as EventBridge does not."""
    key = unquote_plus(report["object"]["key"])  # "red flower.jpg" arrives as "red+flower.jpg"
    return Upload(report["bucket"]["name"], key, report["object"].get("versionId"))


def transfer(upload: Upload, request_id: str) -> Exception | None:
    """Copy an upload and log how that went; return the error, as others still wait."""
    fields = {**upload._asdict(), "request_id": request_id}
    try:
        copy(upload)
    except Exception as error:
        log("ERROR", "copy failed", **fields, **describe(error))
        return error
    log("INFO", "copied", **fields)
    return None


def copy(upload: Upload) -> None:
    """Copy within S3 under the same key; a folder marker ("photos/", no bytes) is copied too."""
    if upload.bucket == DESTINATION_BUCKET:
        raise ValueError(f"Source and destination are both {upload.bucket}: copies would loop.")
    source = {"Bucket": upload.bucket, "Key": upload.key}
    if upload.version_id:
        source["VersionId"] = upload.version_id
    tags = {"TaggingDirective": "COPY"}
    s3.copy(source, DESTINATION_BUCKET, upload.key, ExtraArgs=tags, Config=TRANSFER_CONFIG)


def describe(error: Exception) -> dict[str, str]:
    """Return an error's code and its message, short enough for a log line."""
    code = type(error).__name__
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
    # A managed copy starts with HeadObject, whose refusals carry only the HTTP status.
    code = "AccessDenied" if code == "403" else code
    return {"error_code": code, "error": str(error)[:MAX_ERROR_LENGTH]}


def log(level: str, message: str, **fields: Any) -> None:
    """Print one JSON object a line: CloudWatch shows it whatever the root logger's level is."""
    print(json.dumps({"level": level, "message": message, **fields}))
