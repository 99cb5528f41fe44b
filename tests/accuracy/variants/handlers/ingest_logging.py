"""Records by boto3's batch writer; bad ones are logged, a bad file is refused by raising."""

import json
import logging
import os
from decimal import Decimal, DecimalException
from typing import Any
from urllib.parse import unquote_plus

import boto3
from boto3.dynamodb.types import TypeSerializer

LARGEST = 300_000
log = logging.getLogger()
log.setLevel(logging.INFO)
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
serializer = TypeSerializer()


class BadFileError(Exception):
    """The file is no array of records."""


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event.get("Records", []):
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        ingest(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def ingest(key: str, body: bytes) -> None:
    rejected = 0
    rows = read(key, body)
    # The last of several records with one key stays, as it would without a batch.
    with table.batch_writer(overwrite_by_pkeys=["device_id", "timestamp"]) as batch:
        for number, row in enumerate(rows, 1):
            if problem := problem_of(row):
                log.warning("%s: record %d is rejected: %s", key, number, problem)
                rejected += 1
            else:
                batch.put_item(Item=row)
    log.info("%s: %d records, %d rejected", key, len(rows), rejected)


def read(key: str, body: bytes) -> list[Any]:
    try:
        rows = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except ValueError as error:
        raise BadFileError(f"{key} is not JSON: {str(error)[:200]}") from None
    if not isinstance(rows, list):
        raise BadFileError(f"{key} is not an array")
    return rows


def problem_of(row: Any) -> str:
    """Say why a record is not valid; empty if it is."""
    if not isinstance(row, dict):
        return "no object"
    for name, kind in (("device_id", str), ("timestamp", str), ("value", Decimal)):
        if not isinstance(row.get(name), kind) or row[name] == "":
            return f"{name} is missing or of another type"
    try:
        too_large = len(json.dumps(serializer.serialize(row))) > LARGEST
    except (TypeError, ValueError, DecimalException) as error:
        return f"DynamoDB does not take it: {type(error).__name__}"
    return "too large" if too_large else ""
