"""Copy each upload and write an audit item about it."""

import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import boto3

TABLE = "$table"
DESTINATION = "$destination_bucket"

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key in uploads(event):
        work(bucket, key)
        print(f"copied {key}")


def uploads(event: Any) -> list[tuple[str, str]]:
    return [
        (record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
        for record in event.get("Records", [])
        if "s3" in record
    ]


def work(bucket: str, key: str) -> None:
    copy(bucket, key)
    audit(bucket, key)


def copy(bucket: str, key: str) -> None:
    source = {"Bucket": bucket, "Key": key}
    s3.copy_object(Bucket=DESTINATION, Key=key, CopySource=source)


def audit(bucket: str, key: str) -> None:
    item = {
        "LogID": str(uuid.uuid4()),
        "SourceBucket": bucket,
        "DestinationBucket": DESTINATION,
        "ObjectKey": key,
        "Status": "Success",
        "Timestamp": datetime.now(UTC).isoformat(),
    }
    dynamodb.put_item(TableName=TABLE, Item={name: {"S": text} for name, text in item.items()})
