"""Items that say what S3 answers, times as S3 and Python write them: +00:00, and no offset."""

import logging
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import boto3

log = logging.getLogger()
log.setLevel(logging.INFO)
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["METADATA_TABLE"])


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event.get("Records", []):
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        head = s3.head_object(Bucket=bucket, Key=key)
        table.put_item(
            Item={
                "ObjectKey": key,
                "BucketName": bucket,
                "FileSize": head["ContentLength"],
                "ETag": head["ETag"].strip('"'),
                "UploadTime": head["LastModified"].isoformat(),
                "ProcessedAt": datetime.now(UTC).replace(tzinfo=None).isoformat(),
                "ContentType": head["ContentType"],
            }
        )
        log.info("recorded %s", key)
