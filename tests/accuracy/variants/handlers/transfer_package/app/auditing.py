"""One item for each attempt to copy."""

import uuid
from datetime import UTC, datetime

import boto3

from app.settings import DESTINATION, TABLE

table = boto3.resource("dynamodb").Table(TABLE)


def write(bucket: str, key: str, status: str) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    table.put_item(
        Item={
            "LogID": str(uuid.uuid4()),
            "SourceBucket": bucket,
            "DestinationBucket": DESTINATION,
            "ObjectKey": key,
            "Status": status,
            "Timestamp": now,
        }
    )
