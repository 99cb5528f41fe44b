"""Record each object that is uploaded to a bucket in DynamoDB, one item per object.

Trigger: new objects in the bucket, reported by S3 itself or through EventBridge. Environment:
TABLE_NAME names the table, whose partition key is ObjectKey; it may have the sort key BucketName,
so that several buckets can share it. TOPIC_ARN, if set, names an SNS topic for a message per
upload: its item as JSON. A folder marker ("photos/", no bytes) is an object like any other.

S3 may deliver an event twice, and the events of one key in any order. An item therefore keeps its
event's sequencer, and only a greater one replaces it. An event delivered again changes nothing
and sends no second message; one that comes after a newer one of its key leaves the item alone but
sends its message. Until its message is sent, an item has the attribute NotificationPending, by
which a retry after a failure knows that it has to send it.

The role needs dynamodb:PutItem on the table, sns:Publish on the topic if there is one, and
s3:GetObject on the objects for events that lack size, ETag or time (S3's own never do).
"""

import json
import os
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import ClientError

TABLE_NAME = os.environ.get("TABLE_NAME", "")
TOPIC_ARN = os.environ.get("TOPIC_ARN", "")

RECORDED, DUPLICATE, OUTDATED = "recorded", "recorded before", "older than the item, which stays"
SEQUENCER_LENGTH = 32
MAX_ERROR_LENGTH = 1000

# Sequencers order the events of one key in one bucket; an event without one is ordered by time.
UNLESS_KNOWN = (
    "attribute_not_exists(#order) OR #order < :order OR BucketName <> :bucket"
    " OR (#order = :order AND attribute_exists(NotificationPending))"
)

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")

Item = dict[str, str | int]


class Upload(NamedTuple):
    """One new object, as its event describes it; None for what the event does not say."""

    bucket: str
    key: str
    size: int | None
    etag: str | None
    time: str | None
    sequencer: str | None


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Record every upload of the event; only then raise the first error, if any."""
    if not TABLE_NAME:
        raise RuntimeError("TABLE_NAME is not set: let it name the table that holds the items.")
    uploads = read_uploads(event)
    if not uploads:
        log("INFO", "the event reports no new object", request_id=context.aws_request_id)
    errors = [error for upload in uploads if (error := process(upload, context.aws_request_id))]
    if errors:
        raise errors[0]
    return {"processed": len(uploads), "keys": [upload.key for upload in uploads]}


def read_uploads(event: Any) -> list[Upload]:
    """Return the new objects that an event reports; the test event of a new trigger has none."""
    match event:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"detail": {"bucket": {"name": _}, "object": {"key": _}}}:
            return [from_eventbridge(event)] if is_new(event) else []
        case {"Records": [_, *_] as records} if all("s3" in record for record in records):
            return [from_s3(record) for record in records if is_new(record)]
    raise ValueError("The event holds no S3 records: is the trigger a bucket or a rule for one?")


def is_new(report: dict[str, Any]) -> bool:
    """Tell whether S3 reports a new object and not, say, a deleted one, which a rule may match."""
    name: str = report.get("eventName") or report.get("detail-type") or "ObjectCreated"
    return name.replace(" ", "").startswith("ObjectCreated")


def from_s3(record: dict[str, Any]) -> Upload:
    """Return the upload of a record that S3 sent itself."""
    key = unquote_plus(record["s3"]["object"]["key"])  # "red flower.jpg" came as "red+flower.jpg"
    bucket: str = record["s3"]["bucket"]["name"]
    return read_upload(bucket, key, record["s3"]["object"], record.get("eventTime"))


def from_eventbridge(event: dict[str, Any]) -> Upload:
    """Return the upload of an event that came through EventBridge, where keys are not encoded."""
    bucket, stored = event["detail"]["bucket"]["name"], event["detail"]["object"]
    return read_upload(bucket, stored["key"], stored, event.get("time"))


def read_upload(bucket: str, key: str, stored: dict[str, Any], time: str | None) -> Upload:
    """Return an upload with what its event says of the stored object."""
    etag = stored.get("eTag") or stored.get("etag")
    return Upload(bucket, key, stored.get("size"), etag, time, stored.get("sequencer"))


def process(upload: Upload, request_id: str) -> Exception | None:
    """Record an upload and log how that went; return the error, as others still wait."""
    fields = {"bucket": upload.bucket, "key": upload.key, "request_id": request_id}
    try:
        outcome = record(make_item(upload))
    except Exception as error:
        log("ERROR", "recording failed", **fields, **describe(error))
        return error
    log("INFO", outcome, **fields)
    return None


def make_item(upload: Upload) -> Item:
    """Return the item of an upload; S3 is asked only for what the event does not say."""
    size, etag, time = upload.size, upload.etag, upload.time
    if size is None or not etag or not time:
        head = s3.head_object(Bucket=upload.bucket, Key=upload.key)
        size = head["ContentLength"] if size is None else size
        etag, time = etag or head["ETag"], time or head["LastModified"].isoformat()
    item: Item = {
        "ObjectKey": upload.key,
        "BucketName": upload.bucket,
        "FileSize": size,
        "ETag": etag.strip('"'),
        "UploadTime": in_utc(datetime.fromisoformat(time)),
        "ProcessedAt": in_utc(datetime.now(UTC)),
    }
    if upload.sequencer:
        # AWS compares sequencers padded on the right, and EventBridge has them in lower case.
        item["Sequencer"] = upload.sequencer.upper().ljust(SEQUENCER_LENGTH, "0")
    return item


def in_utc(moment: datetime) -> str:
    """Return a time in the form of S3's events, which also sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record(item: Item) -> str:
    """Write the item unless it is there, send its message once, and return the outcome."""
    outcome = write({**item, "NotificationPending": "yes"} if TOPIC_ARN else item)
    if TOPIC_ARN and outcome != DUPLICATE:
        sns.publish(TopicArn=TOPIC_ARN, Subject="New object in S3", Message=json.dumps(item))
        if outcome == RECORDED:
            write(item)
    return outcome


def write(item: Item) -> str:
    """Put the item unless it, or a newer one, is there; tell which of the three it was."""
    attributes = {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in item.items()
    }
    order = "Sequencer" if "Sequencer" in item else "UploadTime"
    try:
        dynamodb.put_item(
            TableName=TABLE_NAME,
            Item=attributes,
            ConditionExpression=UNLESS_KNOWN,
            ExpressionAttributeNames={"#order": order},
            ExpressionAttributeValues={
                ":order": attributes[order],
                ":bucket": attributes["BucketName"],
            },
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        is_same = error.response.get("Item", {}).get(order) == attributes[order]
        return DUPLICATE if is_same else OUTDATED
    return RECORDED


def describe(error: Exception) -> dict[str, str]:
    """Return an error's code and its message, short enough for a log line."""
    code = type(error).__name__
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
    # Refusals of HeadObject carry only the HTTP status.
    code = "AccessDenied" if code == "403" else code
    return {"error_code": code, "error": str(error)[:MAX_ERROR_LENGTH]}


def log(level: str, message: str, **fields: Any) -> None:
    """Print one JSON object a line: CloudWatch shows it whatever the root logger's level is."""
    print(json.dumps({"level": level, "message": message, **fields}))
