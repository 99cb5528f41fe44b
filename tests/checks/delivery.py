"""How uploads get to the function: S3's own notification, or a rule of EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from typing import Any

from labproof.evidence.snapshot import Failure, Snapshot
from labproof.labs.arns import arn as arn_of

EVERY_CREATION = "s3:ObjectCreated:*"
CREATIONS = {
    f"s3:ObjectCreated:{way}" for way in ("Put", "Post", "Copy", "CompleteMultipartUpload")
}
ENABLED = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


def sources(snapshot: Snapshot) -> list[str]:
    """Return the buckets whose uploads the function works on."""
    return list(snapshot.lab.source.buckets)


def bucket(snapshot: Snapshot, name: str) -> Any:
    """Return a source bucket's reading. Raises Failure where it does not exist."""
    if name == snapshot.lab.source.bucket:
        return snapshot.part("source_bucket")
    found = snapshot.part("more_source_buckets").get(name)
    if found is None:
        raise Failure(f"the bucket {name}")
    return found


def configurations(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    """Return a bucket's notifications to the function or an alias of it."""
    function = snapshot.part("function")
    mine = {function["arn"], f"{function['arn']}:$LATEST", *(a["arn"] for a in function["aliases"])}
    found = (bucket(snapshot, name)["notification"] or {}).get("LambdaFunctionConfigurations")
    return [c for c in found or [] if c["LambdaFunctionArn"] in mine]


def targets(snapshot: Snapshot, name: str) -> list[str]:
    """Return the ARNs under which a bucket's notifications name the function."""
    return [c["LambdaFunctionArn"].removesuffix(":$LATEST") for c in configurations(snapshot, name)]


def notified(snapshot: Snapshot, name: str) -> bool:
    """Tell whether the function gets every upload, from one notification or several together."""
    found = configurations(snapshot, name)
    events = {event for c in found if not narrowed(c) for event in c["Events"]}
    if EVERY_CREATION in snapshot.lab.trigger.events:
        return EVERY_CREATION in events or events >= CREATIONS
    return EVERY_CREATION in events or set(snapshot.lab.trigger.events) <= events


def narrowed(configuration: dict[str, Any]) -> bool:
    """Tell whether a filter may drop an upload; an empty prefix or suffix drops none."""
    key = (configuration.get("Filter") or {}).get("Key") or {}
    return any(rule.get("Value") for rule in key.get("FilterRules") or [])


def sends_to_eventbridge(snapshot: Snapshot, name: str) -> bool:
    return "EventBridgeConfiguration" in (bucket(snapshot, name)["notification"] or {})


def ruled(snapshot: Snapshot, name: str) -> bool:
    """Tell whether an enabled rule sends every upload on to the function."""
    return any(
        rule["state"] in ENABLED and takes_every_upload(rule["pattern"], creation(snapshot, name))
        for rule in snapshot.part("rules")
    )


def creation(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return what is known of the event of any new object of a bucket."""
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": snapshot.target["account"],
        "region": snapshot.target["region"],
        "resources": arn_of("bucket", name, snapshot.target),
        "detail": {"bucket": {"name": name}},
    }


def takes_every_upload(pattern: Any, event: dict[str, Any]) -> bool:
    """Tell whether an event pattern takes in every event of a kind."""
    return isinstance(pattern, dict) and includes(pattern, event)


def includes(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether a pattern asks for nothing that some event of the kind may lack."""
    return all(
        name in event
        and (
            includes(wanted, event[name])
            if isinstance(wanted, dict) and isinstance(event[name], dict)
            else isinstance(wanted, list) and any(meets(event[name], one) for one in wanted)
        )
        for name, wanted in pattern.items()
    )


def meets(value: Any, wanted: Any) -> bool:
    """Tell whether a value meets one matcher of a pattern: a text, a prefix, a suffix, presence."""
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    text = value if isinstance(value, str) else ""
    match wanted:
        case {"prefix": str(start)}:
            return text.startswith(start)
        case {"suffix": str(end)}:
            return text.endswith(end)
        case {"equals-ignore-case": str(other)}:
            return text.lower() == other.lower()
        case {"exists": bool(there)}:
            return there
    return False
