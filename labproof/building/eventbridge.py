"""Uploads invoke a function by way of EventBridge: bucket, rule, permission, target.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.answers import is_error
from labproof.aws.asking import run
from labproof.aws.connection import Connection
from labproof.aws.errors import is_absent
from labproof.evidence.collect.rules import rules
from labproof.labs.arns import arn

TARGET_ID = "function"


@dataclass(frozen=True)
class Rule:
    """A rule on the default bus that sends a bucket's new objects to a function."""

    bucket: str
    function: str
    account: str
    partition: str
    region: str
    suffix: str = ""  # tells apart the rules of several buckets

    @property
    def name(self) -> str:
        """The name of the rule, and of the permission's statement."""
        end = f"-{self.suffix}" if self.suffix else ""
        return f"labproof-{self.function}"[: 64 - len(end)] + end

    @property
    def arn(self) -> str:
        return arn("rule", self.name, vars(self))

    @property
    def function_arn(self) -> str:
        return arn("function", self.function, vars(self))

    @property
    def pattern(self) -> dict[str, Any]:
        return {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [self.bucket]}},
        }


def ensure(rule: Rule, connection: Connection, dry_run: bool = False) -> list[str]:
    """Make uploads reach the function through the rule; return what was changed.

    A rule of somebody else's that does the same is enough: a second one would deliver twice.
    """
    if _sends(rule, connection) and _served_by_another(rule, connection):
        return []
    steps = {
        "bucket": (_sends, _send),
        "rule": (_ruled, _rule),
        "permission": (_permitted, _permit),
        "target": (_targeted, _target),
    }
    changed = [name for name, (done, _) in steps.items() if not done(rule, connection)]
    if not dry_run:
        for name in changed:
            steps[name][1](rule, connection)
    return changed


def remove(rule: Rule, connection: Connection, dry_run: bool = False) -> list[str]:
    """Remove the rule and the function's permission; return what was changed.

    The bucket goes on sending events to EventBridge, which others may rely on.
    """
    changed = []
    events, functions = connection.client("events"), connection.client("lambda")
    if _found(events.describe_rule, Name=rule.name) is not None:
        changed.append("rule")
        if not dry_run:
            events.remove_targets(Rule=rule.name, Ids=[TARGET_ID])
            events.delete_rule(Name=rule.name)
    if _permitted(rule, connection):
        changed.append("permission")
        if not dry_run:
            functions.remove_permission(FunctionName=rule.function, StatementId=rule.name)
    return changed


def _found(call: Any, **request: Any) -> Any:
    try:
        return call(**request)
    except ClientError as error:
        if is_absent(error):
            return None
        raise


def _notifications(rule: Rule, connection: Connection) -> dict[str, Any]:
    s3 = connection.client("s3")
    found = _found(s3.get_bucket_notification_configuration, Bucket=rule.bucket) or {}
    return {k: v for k, v in found.items() if k != "ResponseMetadata"}


def _sends(rule: Rule, connection: Connection) -> bool:
    return "EventBridgeConfiguration" in _notifications(rule, connection)


def _send(rule: Rule, connection: Connection) -> None:
    wanted = _notifications(rule, connection) | {"EventBridgeConfiguration": {}}
    connection.client("s3").put_bucket_notification_configuration(
        Bucket=rule.bucket, NotificationConfiguration=wanted
    )


def _ruled(rule: Rule, connection: Connection) -> bool:
    found = _found(connection.client("events").describe_rule, Name=rule.name)
    return (
        found is not None
        and found.get("State") == "ENABLED"
        and json.loads(found.get("EventPattern") or "{}") == rule.pattern
    )


def _rule(rule: Rule, connection: Connection) -> None:
    connection.client("events").put_rule(
        Name=rule.name, EventPattern=json.dumps(rule.pattern), State="ENABLED"
    )


def _permitted(rule: Rule, connection: Connection) -> bool:
    policy = _found(connection.client("lambda").get_policy, FunctionName=rule.function)
    statements = json.loads(policy["Policy"])["Statement"] if policy else []
    return any(s.get("Sid") == rule.name for s in statements)


def _permit(rule: Rule, connection: Connection) -> None:
    connection.client("lambda").add_permission(
        FunctionName=rule.function,
        StatementId=rule.name,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule.arn,
    )


def _served_by_another(rule: Rule, connection: Connection) -> bool:
    """Tell whether an enabled rule under another name sends the bucket's objects on."""
    found = run(rules(rule.function_arn), connection)
    return not is_error(found) and any(
        r["name"] != rule.name and r["state"] == "ENABLED" and r["pattern"] == rule.pattern
        for r in found
    )


def _targeted(rule: Rule, connection: Connection) -> bool:
    found = _found(connection.client("events").list_targets_by_rule, Rule=rule.name)
    return any(t["Arn"] == rule.function_arn for t in (found or {}).get("Targets", []))


def _target(rule: Rule, connection: Connection) -> None:
    connection.client("events").put_targets(
        Rule=rule.name, Targets=[{"Id": TARGET_ID, "Arn": rule.function_arn}]
    )
