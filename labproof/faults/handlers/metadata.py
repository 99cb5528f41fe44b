"""Write an item of metadata about each upload."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import boto3

TABLE = "$table"

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key, stored in uploads(event):
        work(bucket, key, stored)
        print(f"recorded {key}")


def uploads(event: Any) -> list[tuple[str, str, dict[str, Any]]]:
    if "detail" in event:  # EventBridge's event, whose keys are not encoded
        detail = event["detail"]
        stored = detail["object"] | {"eTag": detail["object"]["etag"], "time": event["time"]}
        return [(detail["bucket"]["name"], stored["key"], stored)]
    return [
        (
            record["s3"]["bucket"]["name"],
            unquote_plus(record["s3"]["object"]["key"]),
            record["s3"]["object"] | {"time": record["eventTime"], "way": record["eventName"]},
        )
        for record in event.get("Records", [])
        if "s3" in record
    ]


def work(bucket: str, key: str, stored: dict[str, Any]) -> None:
    item = {
        "ObjectKey": {"S": key},
        "BucketName": {"S": bucket},
        "FileSize": {"N": str(stored["size"])},
        "ETag": {"S": stored["eTag"]},
        "UploadTime": {"S": stored["time"]},
        "ProcessedAt": {"S": datetime.now(UTC).isoformat()},
    }
    dynamodb.put_item(TableName=TABLE, Item=item)
