"""Uploads invoke the function, and nobody less limited may."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.analysis.policies import events_may_invoke, open_invocations, s3_may_invoke
from labproof.evidence.snapshot import Failure, Snapshot, expect, expect_none, opened

from .delivery import bucket, notified, ruled, sends_to_eventbridge, sources, targets

PERMIT = (
    "aws lambda add-permission --function-name $function --statement-id uploads "
    "--action lambda:InvokeFunction --principal s3.amazonaws.com "
    "--source-arn arn:$partition:s3:::$source_bucket --source-account $account"
)
NOTIFY = (
    "aws s3api put-bucket-notification-configuration --bucket $source_bucket "
    """--notification-configuration '{"LambdaFunctionConfigurations": [{"Events": ["$event"], """
    """"LambdaFunctionArn": "arn:$partition:lambda:$region:$account:function:$function"}]}'"""
)


@pytest.mark.requirement(
    "trigger.permission",
    weight=3,
    rests_on=["source-bucket.exists", "function.exists"],
    hint="Let S3 invoke $function for $source_bucket and this account alone; remove other "
    "statements of the function's policy.",
    command=PERMIT,
    playbook="create-trigger.yml",
)
def test_only_the_trigger_may_invoke_the_function(snapshot: Snapshot) -> None:
    """The trigger's service may invoke the function for this bucket, and nobody less limited."""
    snapshot.part("source_bucket")
    found = policies(snapshot)
    expect_none(too_open(snapshot, found), "nobody but the lab's trigger to invoke the function")
    allowed = by_s3(snapshot, found) or by_rule(snapshot, found)
    expect(
        allowed,
        f"a statement that lets s3.amazonaws.com invoke {snapshot.lab.function.name} for "
        f"{snapshot.lab.source.bucket}, by aws:SourceArn and aws:SourceAccount",
        "none that does",
    )


def policies(snapshot: Snapshot) -> dict[str, Any]:
    """Return the policy of each ARN that the function goes by: its own, and its aliases'."""
    function = snapshot.part("function")
    found = {function["arn"]: function["policy"]}
    return found | {alias["arn"]: alias["policy"] for alias in function["aliases"]}


def too_open(snapshot: Snapshot, found: dict[str, Any]) -> list[str]:
    """Return a clause for each statement that is fine for none of the lab's buckets."""
    account, rules = str(snapshot.target["account"]), rule_arns(snapshot)
    buckets = snapshot.arns("source")
    return [one for p in found.values() for one in open_invocations(p, buckets, account, rules)]


def rule_arns(snapshot: Snapshot) -> list[str]:
    """Return the rules that may stand between bucket and function; for s3 delivery, none."""
    if snapshot.lab.trigger.delivery == "s3":
        return []
    return [rule["arn"] for rule in opened(snapshot.part("rules"))]


def by_s3(snapshot: Snapshot, found: dict[str, Any]) -> bool:
    """Tell whether S3 may invoke the function for each of the lab's buckets."""
    if snapshot.lab.trigger.delivery == "eventbridge":
        return False
    account, function = str(snapshot.target["account"]), snapshot.part("function")["arn"]
    return all(
        any(
            s3_may_invoke(found.get(arn), arn, bucket_arn, account)
            for arn in targets(snapshot, name) or [function]
        )
        for name, bucket_arn in zip(sources(snapshot), snapshot.arns("source"), strict=True)
    )


def by_rule(snapshot: Snapshot, found: dict[str, Any]) -> bool:
    account = str(snapshot.target["account"])
    return any(
        events_may_invoke(policy, arn, rule, account)
        for rule in rule_arns(snapshot)
        for arn, policy in found.items()
    )


@pytest.mark.requirement(
    "trigger.configured",
    weight=3,
    rests_on=["source-bucket.exists", "function.exists"],
    hint="Add an event notification to $source_bucket: $event, without a filter, to $function.",
    command=NOTIFY,
    playbook="create-trigger.yml",
)
def test_every_upload_reaches_the_function(snapshot: Snapshot) -> None:
    """Every upload reaches the function, by the delivery asked for."""
    snapshot.part("function")
    ways = {
        "s3": lambda name: notified(snapshot, name),
        "eventbridge": lambda name: sends_to_eventbridge(snapshot, name) and ruled(snapshot, name),
    }
    wanted = (
        [snapshot.lab.trigger.delivery] if snapshot.lab.trigger.delivery in ways else list(ways)
    )
    for name in sources(snapshot):
        if not any(ways[way](name) for way in wanted):
            raise Failure(
                f"{name} to notify {snapshot.lab.function.name} of every upload "
                f"({', '.join(snapshot.lab.trigger.events)}; delivery: {' or '.join(wanted)})",
                described(snapshot, name),
            )


def described(snapshot: Snapshot, name: str) -> str:
    """Say what notifications a bucket has."""
    found = bucket(snapshot, name)["notification"] or {}
    lambdas = found.get("LambdaFunctionConfigurations") or []
    said = [
        f"{', '.join(c['Events'])} to {c['LambdaFunctionArn'].rpartition(':function:')[2]}"
        f"{' under a filter' if c.get('Filter') else ''}"
        for c in lambdas
    ]
    said += ["all events to EventBridge"] * ("EventBridgeConfiguration" in found)
    return "; ".join(said) or "no notification to a function"
