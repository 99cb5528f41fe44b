"""Copies that flow through the function, from events of either delivery."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], _context: Any) -> list[str]:
    return [copied(bucket, key) for bucket, key in objects(event)]


def objects(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if event.get("detail-type") == "Object Created":
        yield event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    for record in event.get("Records", ()):
        yield record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])


def copied(bucket: str, key: str) -> str:
    found = s3.get_object(Bucket=bucket, Key=key)
    own = {name: found[name] for name in ("ContentType", "Metadata")}
    s3.upload_fileobj(found["Body"], os.environ["COPY_TO"], key, ExtraArgs=own)
    return key
