"""Copies made by an object, with boto3's resources; items with a time two hours ahead of UTC."""

import hashlib
import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote_plus

import boto3

ZONE = timezone(timedelta(hours=2))


class Transfer:
    def __init__(self) -> None:
        self.s3 = boto3.resource("s3")
        self.destination = self.s3.Bucket(os.environ["DESTINATION_BUCKET"])
        self.table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, int]:
        records = event.get("Records", [])
        for record in records:
            self.take(record)
        return {"copied": len(records)}

    def take(self, record: dict[str, Any]) -> None:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        status = "Failed"
        try:
            self.destination.Object(key).copy({"Bucket": bucket, "Key": key})
            status = "Success"
        finally:
            self.audit(record, bucket, key, status)

    def audit(self, record: dict[str, Any], bucket: str, key: str, status: str) -> None:
        """Write an item under a hash of the event, so that a second delivery leaves no second."""
        digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
        self.table.put_item(
            Item={
                "LogID": digest,
                "SourceBucket": bucket,
                "DestinationBucket": self.destination.name,
                "ObjectKey": key,
                "Status": status,
                "Timestamp": datetime.now(ZONE).isoformat(),
                "Size": record["s3"]["object"]["size"],
            }
        )


transfer = Transfer()
