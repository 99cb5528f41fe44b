"""What every plain handler reads of an event."""

from typing import Any
from urllib.parse import unquote_plus


def uploads(event: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the bucket and key of each new object, and what else the event tells of it."""
    if "detail" in event:  # EventBridge's event, whose keys are not encoded
        detail = event["detail"]
        stored = detail["object"] | {"eTag": detail["object"]["etag"], "time": event["time"]}
        return [(detail["bucket"]["name"], stored["key"], stored)]
    return [
        (
            record["s3"]["bucket"]["name"],
            unquote_plus(record["s3"]["object"]["key"]),
            record["s3"]["object"] | {"time": record["eventTime"], "way": record["eventName"]},
        )
        for record in event.get("Records", [])
        if "s3" in record
    ]
