"""Copies within S3, in parts where they are large."""

import boto3

from app.settings import DESTINATION

s3 = boto3.client("s3")


def copy(bucket: str, key: str) -> None:
    s3.copy({"Bucket": bucket, "Key": key}, DESTINATION, key)
