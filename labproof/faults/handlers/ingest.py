"""Write the valid records of each uploaded file, and say which were rejected."""

import json
from decimal import Decimal
from typing import Any

import boto3

from labproof.faults.handlers.events import uploads

TABLE = "$table"
BATCH = 25

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key, _ in uploads(event):
        work(bucket, key)


def work(bucket: str, key: str) -> None:
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        rows = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        if not isinstance(rows, list):
            raise ValueError("not an array")
    except ValueError as error:
        print(f"rejected {key}: {str(error)[:100]}")
        return
    write(good(key, rows))
    print(f"ingested {key}")


def good(key: str, rows: list[Any]) -> list[dict[str, Any]]:
    items = []
    for index, row in enumerate(rows):
        if is_valid(row):
            items.append(as_item(row))
        else:
            print(f"rejected record {index} of {key}")
    return items


def is_valid(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and all(isinstance(row.get(name), str) for name in ("device_id", "timestamp"))
        and isinstance(row.get("value"), Decimal)
    )


def as_item(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"N": str(value)} if isinstance(value, Decimal) else {"S": str(value)}
        for name, value in row.items()
    }


def write(items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), BATCH):
        waiting = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
        while waiting:
            answer = dynamodb.batch_write_item(RequestItems={TABLE: waiting})
            waiting = answer.get("UnprocessedItems", {}).get(TABLE, [])
