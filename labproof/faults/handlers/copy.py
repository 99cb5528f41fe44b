"""Copy each upload."""

from typing import Any

import boto3

from labproof.faults.handlers.events import uploads

DESTINATION = "$destination_bucket"

s3 = boto3.client("s3")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key, _ in uploads(event):
        work(bucket, key)
        print(f"copied {key}")


def work(bucket: str, key: str) -> None:
    copy(bucket, key)


def copy(bucket: str, key: str) -> None:
    source = {"Bucket": bucket, "Key": key}
    s3.copy_object(Bucket=DESTINATION, Key=key, CopySource=source)
