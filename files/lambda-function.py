"""Copy each object uploaded to the public bucket to the private one, and record it in DynamoDB.

Trigger: S3 ObjectCreated events. S3 may deliver an event twice and Lambda retries a failed one,
so an upload's LogID is derived from its event: one upload, one item, however often it arrives.

A copy keeps its key, content, metadata (content type and the like, and the user's own) and tags.
From 1 GiB on it is made in parts, where boto3 carries metadata since s3transfer 0.18 and tags
since 0.19; older ones drop them. ACL, storage class, encryption and Object Lock never come
along: the destination's own settings apply. Events of one key may arrive in any order, so in
versioned buckets the copy made last need not be that of the newest version.

The role needs s3:GetObject, s3:GetObjectVersion and s3:GetObjectTagging on the source's objects,
s3:PutObject, s3:PutObjectTagging and s3:AbortMultipartUpload on the destination's, and
dynamodb:PutItem on the table. The function's time-out must suit the largest object.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

TABLE_NAME = "REPLACE-WITH-YOUR-DYNAMODB-TABLE"
DESTINATION_BUCKET = "REPLACE-WITH-YOUR-PRIVATE-BUCKET"

GIB = 1024**3
# CopyObject ends at 5 GB; parts are copied in parallel, which is faster long before that.
TRANSFER_CONFIG = TransferConfig(multipart_threshold=GIB, multipart_chunksize=GIB // 4)
MAX_ERROR_LENGTH = 1000

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


class Upload(NamedTuple):
    """One uploaded object, as its event record describes it."""

    bucket: str
    key: str
    version_id: str | None
    log_id: str


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Copy and record every upload of the event; only then raise the first error, if any."""
    require_configuration()
    if isinstance(event, dict) and event.get("Event") == "s3:TestEvent":
        log("INFO", "test event accepted", request_id=context.aws_request_id)
        return {"copied": 0, "keys": []}
    uploads = read_uploads(event)
    errors = [error for upload in uploads if (error := transfer(upload, context.aws_request_id))]
    if errors:
        raise errors[0]
    return {"copied": len(uploads), "keys": [upload.key for upload in uploads]}


def require_configuration() -> None:
    """Refuse to run while a placeholder is still in place."""
    for name, value in (("TABLE_NAME", TABLE_NAME), ("DESTINATION_BUCKET", DESTINATION_BUCKET)):
        if value.startswith("REPLACE-WITH-"):
            raise RuntimeError(f"{name} still holds its placeholder: set it and deploy again.")


def read_uploads(event: Any) -> list[Upload]:
    """Return the uploads that an S3 event reports."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or not all("s3" in record for record in records):
        raise ValueError("The event holds no S3 records: is the trigger an S3 notification?")
    return [read_upload(record) for record in records]


def read_upload(record: dict[str, Any]) -> Upload:
    """Return the upload of one record, with its key decoded and its LogID."""
    bucket, stored = record["s3"]["bucket"]["name"], record["s3"]["object"]
    key = unquote_plus(stored["key"])  # "red flower.jpg" arrives as "red+flower.jpg"
    version_id = stored.get("versionId")
    # Two uploads to one key differ in their sequencer, two deliveries of one upload do not.
    identity = [bucket, key, version_id, stored.get("sequencer") or record.get("eventTime")]
    log_id = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return Upload(bucket, key, version_id, log_id)


def transfer(upload: Upload, request_id: str) -> Exception | None:
    """Copy an upload and record how that went; return the first error, as others still wait."""
    fields = {"bucket": upload.bucket, "key": upload.key, "log_id": upload.log_id}
    fields["request_id"] = request_id
    copy_error = None
    try:
        copy(upload)
        log("INFO", "copied", **fields)
    except Exception as error:
        log("ERROR", "copy failed", **fields, **describe(error))
        copy_error = error
    try:
        if not write_item(upload, copy_error):
            log("INFO", "already recorded as Success", **fields)
    except Exception as error:
        log("ERROR", "audit item not written", **fields, **describe(error))
        return copy_error or error
    return copy_error


def copy(upload: Upload) -> None:
    """Copy within S3 under the same key; a folder marker ("photos/", no bytes) is copied too."""
    if upload.bucket == DESTINATION_BUCKET:
        raise ValueError(f"Source and destination are both {upload.bucket}: copies would loop.")
    source = {"Bucket": upload.bucket, "Key": upload.key}
    if upload.version_id:
        source["VersionId"] = upload.version_id
    tags = {"TaggingDirective": "COPY"}
    s3.copy(source, DESTINATION_BUCKET, upload.key, ExtraArgs=tags, Config=TRANSFER_CONFIG)


def write_item(upload: Upload, error: Exception | None) -> bool:
    """Write the audit item; return False where a Success stands already, which is kept."""
    item = {
        "LogID": upload.log_id,
        "SourceBucket": upload.bucket,
        "DestinationBucket": DESTINATION_BUCKET,
        "ObjectKey": upload.key,
        "Status": "Failed" if error else "Success",
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    if error:
        item["Error"] = ": ".join(describe(error).values())
    try:
        dynamodb.put_item(
            TableName=TABLE_NAME,
            Item={name: {"S": value} for name, value in item.items()},
            ConditionExpression="attribute_not_exists(LogID) OR #status = :failed",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues={":failed": {"S": "Failed"}},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def describe(error: Exception) -> dict[str, str]:
    """Return an error's code and its message, short enough for a log line and an item."""
    code = type(error).__name__
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
    # A managed copy starts with HeadObject, whose refusals carry only the HTTP status.
    code = "AccessDenied" if code == "403" else code
    return {"error_code": code, "error": str(error)[:MAX_ERROR_LENGTH]}


def log(level: str, message: str, **fields: str) -> None:
    """Print one JSON object a line: CloudWatch shows it whatever the root logger's level is."""
    print(json.dumps({"level": level, "message": message, **fields}))
