"""What already delivers a bucket's uploads to a function, before a trigger is built or removed."""

from __future__ import annotations

import hashlib
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, run, together
from labproof.aws.connection import Connection
from labproof.evidence.collect.rules import rules
from labproof.labs.arns import arn
from labproof.labs.lab import Lab

PREFIX = "labproof-"  # of the ids and names that the trigger role gives
Found = dict[str, dict[str, bool]]


def trigger_suffix(bucket: str) -> str:
    """Return what tells apart the triggers of buckets that share a function, short and stable.

    A statement id has 100 characters at most and no dots, a bucket's name has both.
    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    return hashlib.sha256(bucket.encode()).hexdigest()[:8]


def find_triggers(lab: Lab, connection: Connection, identity: dict[str, str]) -> Found:
    """Return for each source bucket ``{"eventbridge", "served"}``.

    ``eventbridge``: its events go to EventBridge, or nobody can tell. ``served``: somebody else's
    notification or rule invokes the function already, and a second one would deliver twice.
    """
    function = arn("function", lab.function.name, identity)
    readers = {name: _notification(name) for name in lab.source.buckets}
    found = run(together({**readers, "": rules(function)}), connection)
    by_rule, by_s3 = found.pop(""), lab.trigger.delivery != "eventbridge"
    triggers = {}
    for name, answer in found.items():
        notification, unknown = answer or {}, is_error(answer)
        sends = unknown or "EventBridgeConfiguration" in notification
        served = (
            not unknown and _notified(notification, function, lab.trigger.events)
            if by_s3
            else sends and not is_error(by_rule) and _ruled(by_rule, name)
        )
        triggers[name] = {"eventbridge": sends, "served": served}
    return triggers


def _notification(bucket: str) -> Reader:
    (found,) = yield [call("s3", "get_bucket_notification_configuration", Bucket=bucket)]
    return found


def _notified(notification: dict[str, Any], function: str, events: tuple[str, ...]) -> bool:
    """Tell whether another notification than the suite's own says the same."""
    return any(
        not one["Id"].startswith(PREFIX)
        and one["LambdaFunctionArn"] == function
        and set(one["Events"]) == set(events)
        and not any(rule["Value"] for rule in _filter_rules(one))
        for one in notification.get("LambdaFunctionConfigurations", [])
    )


def _filter_rules(configuration: dict[str, Any]) -> list[dict[str, str]]:
    rules: list[dict[str, str]] = (
        configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    )
    return rules


def _ruled(found: list[dict[str, Any]], bucket: str) -> bool:
    """Tell whether an enabled rule of another name sends a bucket's new objects on."""
    return any(
        not is_error(rule)
        and not rule["name"].startswith(PREFIX)
        and rule["state"] == "ENABLED"
        and rule["pattern"] == upload_pattern(bucket)
        for rule in found
    )


def upload_pattern(bucket: str) -> dict[str, Any]:
    """Return the event pattern of a bucket's new objects.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
    """
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}},
    }
