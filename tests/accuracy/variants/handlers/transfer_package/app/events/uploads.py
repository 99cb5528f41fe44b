"""The entry: every upload is copied and audited; what fails is audited, and raised."""

from typing import Any
from urllib.parse import unquote_plus

from app import auditing, copying


def handle(event: dict[str, Any], _context: Any) -> None:
    failed = [error for record in event.get("Records", []) if (error := work(record["s3"]))]
    if failed:
        raise failed[0]


def work(report: dict[str, Any]) -> Exception | None:
    bucket, key = report["bucket"]["name"], unquote_plus(report["object"]["key"])
    try:
        copying.copy(bucket, key)
    except Exception as error:
        auditing.write(bucket, key, f"Failed: {type(error).__name__}")
        return error
    auditing.write(bucket, key, "COPIED")
    print("copied", bucket, key)
    return None
