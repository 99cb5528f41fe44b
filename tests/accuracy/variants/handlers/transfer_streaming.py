"""Copies that flow through the function; items whose time is a number, of the epoch's seconds."""

import json
import os
import time
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")
dynamodb = boto3.resource("dynamodb")


def main(event: dict[str, Any], context: Any) -> None:
    print("Received event:", json.dumps(event, indent=2))
    for record in event.get("Records", ()):
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        stored = s3.get_object(Bucket=bucket, Key=key)
        own = {"ContentType": stored["ContentType"], "Metadata": stored["Metadata"]}
        s3.upload_fileobj(stored["Body"], os.environ["TO"], key, ExtraArgs=own)
        dynamodb.Table(os.environ["LOG"]).put_item(
            Item={
                "LogID": f"{context.aws_request_id}/{uuid.uuid4().hex}",
                "SourceBucket": bucket,
                "DestinationBucket": os.environ["TO"],
                "ObjectKey": key,
                "Status": "transfer completed",
                "Timestamp": Decimal(str(round(time.time(), 3))),
            }
        )
