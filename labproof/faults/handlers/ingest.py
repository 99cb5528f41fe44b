"""Write the valid records of each uploaded file, and say which were rejected."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

import boto3

TABLE = "$table"
BATCH = 25

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key in uploads(event):
        work(bucket, key)


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
