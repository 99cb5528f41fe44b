"""Uploads invoke the function, and nobody less limited may."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.policies import covers_action, principals, statements

CREATED = {"s3:ObjectCreated:*", "s3:ObjectCreated:Put"}


def conditions(statement: dict[str, Any]) -> dict[str, Any]:
    blocks = statement.get("Condition", {}).values()
    return {key.lower(): value for block in blocks for key, value in block.items()}


def is_limited(statement: dict[str, Any], lab: Lab, evidence: dict[str, Any]) -> bool:
    """S3, limited to the bucket and the account; or EventBridge, limited to a rule of the lab."""
    found = conditions(statement)
    if principals(statement) == ["events.amazonaws.com"] and lab.delivery != "s3":
        return found.get("aws:sourcearn") in {rule["arn"] for rule in evidence["rules"]}
    return (
        principals(statement) == ["s3.amazonaws.com"]
        and found.get("aws:sourcearn") == f"arn:aws:s3:::{lab.source_bucket}"
        and found.get("aws:sourceaccount") == evidence["identity"]["account"]
    )


@pytest.mark.requirement("trigger.permission")
def test_only_the_trigger_may_invoke_the_function(evidence: dict[str, Any], lab: Lab) -> None:
    """The function's policy lets the trigger's service invoke it, and nobody less limited."""
    invoking = [
        statement
        for statement in statements(evidence["function"]["policy"])
        if covers_action(statement, "lambda:InvokeFunction")
    ]
    assert invoking
    assert [s for s in invoking if not is_limited(s, lab, evidence)] == []


def notifies(evidence: dict[str, Any], wanted: set[str]) -> bool:
    """The bucket notifies the function of the events, alone or among more, under no filter."""
    arn = evidence["function"]["arn"]
    found = evidence["source_bucket"]["notification"].get("LambdaFunctionConfigurations", [])
    return any(
        (c["LambdaFunctionArn"] == arn or c["LambdaFunctionArn"].startswith(f"{arn}:"))
        and wanted & set(c["Events"])
        and not any(r["Value"] for r in c.get("Filter", {}).get("Key", {}).get("FilterRules", []))
        for c in found
    )


def rules(evidence: dict[str, Any], lab: Lab) -> bool:
    """The bucket sends its events to EventBridge, and an enabled rule sends them on, unfiltered."""
    sends = "EventBridgeConfiguration" in evidence["source_bucket"]["notification"]
    wanted = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [lab.source_bucket]}},
    }
    enabled = [rule for rule in evidence["rules"] if rule["state"] == "ENABLED"]
    return sends and any(rule["pattern"] == wanted for rule in enabled)


@pytest.mark.requirement("trigger.configured")
def test_every_upload_reaches_the_function(evidence: dict[str, Any], lab: Lab) -> None:
    """Uploads reach the function by the delivery asked for."""
    wanted = CREATED if "s3:ObjectCreated:Put" in lab.trigger_events else {"s3:ObjectCreated:*"}
    ways = {"s3": notifies(evidence, wanted), "eventbridge": rules(evidence, lab)}
    assert ways[lab.delivery] if lab.delivery in ways else any(ways.values())
