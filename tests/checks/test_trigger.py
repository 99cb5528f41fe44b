"""Uploads invoke the function, and nobody less limited may."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.policies import covers_action, principals, statements


def s3_may_invoke(statement: dict[str, Any], lab: Lab, account: str) -> bool:
    """S3, limited by SourceArn to the bucket and by SourceAccount to the account."""
    conditions = {
        key.lower(): value
        for block in statement.get("Condition", {}).values()
        for key, value in block.items()
    }
    return (
        principals(statement) == ["s3.amazonaws.com"]
        and conditions.get("aws:sourcearn") == f"arn:aws:s3:::{lab.source_bucket}"
        and conditions.get("aws:sourceaccount") == account
    )


@pytest.mark.requirement("trigger.permission")
def test_s3_alone_may_invoke_the_function(evidence: dict[str, Any], lab: Lab) -> None:
    """The function's policy lets S3 invoke it for this bucket and account, and nobody else."""
    account = evidence["identity"]["account"]
    invoking = [
        statement
        for statement in statements(evidence["function"]["policy"])
        if covers_action(statement, "lambda:InvokeFunction")
    ]
    assert invoking
    assert [s for s in invoking if not s3_may_invoke(s, lab, account)] == []


@pytest.mark.requirement("trigger.configured")
def test_every_upload_notifies_the_function(evidence: dict[str, Any]) -> None:
    """The bucket notifies the function of PUTs, alone or among more, under no filter."""
    arn = evidence["function"]["arn"]
    configurations = evidence["source_bucket"]["notification"].get("LambdaFunctionConfigurations")
    mine = [
        c
        for c in configurations or []
        if c["LambdaFunctionArn"] == arn or c["LambdaFunctionArn"].startswith(f"{arn}:")
    ]
    events = {event for c in mine for event in c["Events"]}
    rules = [r for c in mine for r in c.get("Filter", {}).get("Key", {}).get("FilterRules", [])]
    assert events & {"s3:ObjectCreated:*", "s3:ObjectCreated:Put"}
    assert [rule for rule in rules if rule["Value"]] == []
