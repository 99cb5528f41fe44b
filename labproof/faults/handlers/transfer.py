"""Copy each upload and write an audit item about it."""

import uuid
from datetime import UTC, datetime
from typing import Any

import boto3

from labproof.faults.handlers.events import uploads

TABLE = "$table"
DESTINATION = "$destination_bucket"

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key, _ in uploads(event):
        work(bucket, key)
        print(f"copied {key}")


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
