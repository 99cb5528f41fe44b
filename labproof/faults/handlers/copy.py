"""Copy each upload."""

from typing import Any
from urllib.parse import unquote_plus

import boto3

DESTINATION = "$destination_bucket"

s3 = boto3.client("s3")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key in uploads(event):
        work(bucket, key)
        print(f"copied {key}")


def uploads(event: Any) -> list[tuple[str, str]]:
    if "detail" in event:  # EventBridge's event, whose keys are not encoded
        detail = event["detail"]
        return [(detail["bucket"]["name"], detail["object"]["key"])]
    return [
        (record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
        for record in event.get("Records", [])
        if "s3" in record
    ]


def work(bucket: str, key: str) -> None:
    copy(bucket, key)


def copy(bucket: str, key: str) -> None:
    source = {"Bucket": bucket, "Key": key}
    s3.copy_object(Bucket=DESTINATION, Key=key, CopySource=source)
