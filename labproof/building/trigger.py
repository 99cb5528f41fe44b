"""Uploads to a bucket invoke a function: the function's permission first, then the notification.

One step, because S3 checks the permission when it stores the notification, and a new permission
takes a moment to be seen.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.connection import Connection
from labproof.aws.errors import AwsError, error_code, error_message, is_absent
from labproof.labs.arns import arn

TARGETS = (
    "TopicConfigurations",
    "QueueConfigurations",
    "LambdaFunctionConfigurations",
    "EventBridgeConfiguration",
)
VALIDATION_DEADLINE_S = 60
LONGEST_PAUSE_S = 5.0


def trigger_suffix(bucket: str) -> str:
    """Return what tells apart the triggers of buckets that share a function, short and stable.

    A statement id has 100 characters at most and no dots, a bucket's name has both.
    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    return hashlib.sha256(bucket.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Trigger:
    """A bucket, the function that its uploads invoke, and the S3 event types that count."""

    bucket: str
    function: str
    events: tuple[str, ...]
    account: str
    partition: str
    region: str
    suffix: str = ""  # tells apart the triggers of several buckets

    @property
    def name(self) -> str:
        """The statement id and the notification id."""
        return "-".join(filter(None, ("labproof", self.function, self.suffix)))

    @property
    def function_arn(self) -> str:
        """The unqualified ARN: a notification to one version would miss later deployments."""
        return arn("function", self.function, vars(self))

    @property
    def bucket_arn(self) -> str:
        return arn("bucket", self.bucket, vars(self))

    def configuration(self) -> dict[str, Any]:
        """The notification as S3 stores it."""
        return {
            "Id": self.name,
            "LambdaFunctionArn": self.function_arn,
            "Events": list(self.events),
        }


def ensure(trigger: Trigger, connection: Connection, dry_run: bool = False) -> list[str]:
    """Make the trigger exist; return what was changed: ``permission``, ``notification``.

    Raises AwsError when S3 does not accept the notification in time.
    """
    changed = []
    if not _permitted(trigger, connection):
        changed.append("permission")
        if not dry_run:
            _permit(trigger, connection)
    if not _notified(trigger, _notifications(trigger, connection)):
        changed.append("notification")
        if not dry_run:
            _notify(trigger, connection)
    return changed


def remove(trigger: Trigger, connection: Connection, dry_run: bool = False) -> list[str]:
    """Remove the trigger's own permission and notification; return what was changed."""
    changed = []
    found = _notifications(trigger, connection)
    if any(c["Id"] == trigger.name for c in found.get("LambdaFunctionConfigurations", [])):
        changed.append("notification")
        if not dry_run:
            _store(trigger, connection, _others(trigger, found))
    if _statement(trigger, connection) is not None:
        changed.append("permission")
        if not dry_run:
            _forbid(trigger, connection)
    return changed


def _statement(trigger: Trigger, connection: Connection) -> dict[str, Any] | None:
    try:
        policy = connection.client("lambda").get_policy(FunctionName=trigger.function)["Policy"]
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return next((s for s in statements if s.get("Sid") == trigger.name), None)


def _permitted(trigger: Trigger, connection: Connection) -> bool:
    found = _statement(trigger, connection)
    if found is None:
        return False
    conditions = {
        key.lower(): value
        for block in found.get("Condition", {}).values()
        for key, value in block.items()
    }
    return (
        found["Effect"] == "Allow"
        and found["Principal"] == {"Service": "s3.amazonaws.com"}
        and found["Action"] == "lambda:InvokeFunction"
        and conditions
        == {"aws:sourcearn": trigger.bucket_arn, "aws:sourceaccount": trigger.account}
    )


def _permit(trigger: Trigger, connection: Connection) -> None:
    if _statement(trigger, connection) is not None:
        _forbid(trigger, connection)
    connection.client("lambda").add_permission(
        FunctionName=trigger.function,
        StatementId=trigger.name,
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=trigger.bucket_arn,
        SourceAccount=trigger.account,
    )


def _forbid(trigger: Trigger, connection: Connection) -> None:
    connection.client("lambda").remove_permission(
        FunctionName=trigger.function, StatementId=trigger.name
    )


def _notifications(trigger: Trigger, connection: Connection) -> dict[str, Any]:
    """Return the bucket's notification configuration; empty when there is no such bucket."""
    try:
        found = connection.client("s3").get_bucket_notification_configuration(Bucket=trigger.bucket)
    except ClientError as error:
        if is_absent(error):
            return {}
        raise
    return {target: found[target] for target in TARGETS if target in found}


def _notified(trigger: Trigger, found: dict[str, Any]) -> bool:
    return any(
        c["LambdaFunctionArn"] == trigger.function_arn
        and set(c["Events"]) == set(trigger.events)
        and not c.get("Filter", {}).get("Key", {}).get("FilterRules")
        for c in found.get("LambdaFunctionConfigurations", [])
    )


def _others(trigger: Trigger, found: dict[str, Any]) -> dict[str, Any]:
    """Return a bucket's notifications but for the trigger's own; those of others are kept."""
    kept = [c for c in found.get("LambdaFunctionConfigurations", []) if c["Id"] != trigger.name]
    return found | {"LambdaFunctionConfigurations": kept}


def _notify(trigger: Trigger, connection: Connection) -> None:
    wanted = _others(trigger, _notifications(trigger, connection))
    wanted["LambdaFunctionConfigurations"].append(trigger.configuration())
    deadline, pause = time.monotonic() + VALIDATION_DEADLINE_S, 0.5
    while True:
        try:
            return _store(trigger, connection, wanted)
        except ClientError as error:
            if error_code(error) != "InvalidArgument":
                raise
            if time.monotonic() > deadline or "validate" not in str(error):
                raise AwsError(
                    f"S3 does not accept {trigger.function} as a target of {trigger.bucket}'s "
                    f"notifications ({error_message(error)}): look for another "
                    "notification of the same events on the bucket, and for the function itself."
                ) from error
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


def _store(trigger: Trigger, connection: Connection, wanted: dict[str, Any]) -> None:
    connection.client("s3").put_bucket_notification_configuration(
        Bucket=trigger.bucket, NotificationConfiguration=wanted
    )
