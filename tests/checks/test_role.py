"""The execution role: whom it trusts, what it may do, which policies it has."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.policies import as_list, grants, matches, statements
from labproof.preflight import trusts_only_lambda


@pytest.mark.requirement("role.exists")
def test_role_exists(evidence: dict[str, Any], lab: Lab) -> None:
    """The role exists under its exact name."""
    assert evidence["role"], f"There is no role {lab.role}."


@pytest.mark.requirement("role.trusts-lambda")
def test_role_trusts_lambda_alone(evidence: dict[str, Any]) -> None:
    """Lambda, and nobody else, may assume the role."""
    assert trusts_only_lambda(evidence["role"]["trust"])


@pytest.mark.requirement("role.can-write-logs")
def test_role_can_write_logs(evidence: dict[str, Any]) -> None:
    """The role may create log groups and streams, and put log events."""
    permissions = evidence["permissions"]
    wanted = ("can-CreateLogGroup", "can-CreateLogStream", "can-PutLogEvents")
    assert {name: permissions.get(name) for name in wanted} == dict.fromkeys(wanted, "allowed")


def may(evidence: dict[str, Any], name: str, bucket: str, action: str) -> bool:
    """By the role's own policies, or by the bucket's."""
    policy, role = evidence[bucket]["policy"], evidence["role"]["arn"]
    resource = f"arn:aws:s3:::{evidence[bucket]['name']}/any"
    return evidence["permissions"].get(name) == "allowed" or grants(policy, role, action, resource)


@pytest.mark.requirement("role.can-read-source")
def test_role_can_read_the_source(evidence: dict[str, Any]) -> None:
    """The role may read the source's objects, however that comes about."""
    assert may(evidence, "can-read-source", "source_bucket", "s3:GetObject")


@pytest.mark.requirement("role.can-write-destination")
def test_role_can_write_the_destination(evidence: dict[str, Any]) -> None:
    """The role may put objects into the destination, however that comes about."""
    assert may(evidence, "can-write-destination", "destination_bucket", "s3:PutObject")


@pytest.mark.requirement("role.can-write-table")
def test_role_can_write_the_table(evidence: dict[str, Any]) -> None:
    """The role may put items into the table."""
    assert evidence["permissions"].get("can-write-table") == "allowed"


@pytest.mark.requirement("role.policies")
def test_the_named_policies_are_attached(evidence: dict[str, Any], lab: Lab) -> None:
    """The managed policies that the challenge names are attached."""
    wanted = {policy.rpartition("/")[2] for policy in lab.managed_policies}
    assert wanted - {policy["name"] for policy in evidence["role"]["attached"]} == set()


@pytest.mark.requirement("role.can-decrypt")
def test_role_can_decrypt(evidence: dict[str, Any]) -> None:
    """The role may decrypt with the lab's key, by its own policies and the key's together."""
    root = f"arn:aws:iam::{evidence['identity']['account']}:root"
    delegated = grants(evidence["key"]["policy"], root, "kms:Decrypt", "*")
    own = evidence["permissions"].get("can-decrypt") == "allowed" and delegated
    assert own or grants(evidence["key"]["policy"], evidence["role"]["arn"], "kms:Decrypt", "*")


LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
READ = ("s3:GetObject", "s3:GetObjectVersion")
# What the contract of each flow lets the role have, and on which part; logs on anything.
ALLOWED = {
    "copy": {
        "source-objects": (*READ, "s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
        "destination-objects": (
            *("s3:PutObject", "s3:GetObject", "s3:PutObjectTagging", "s3:GetObjectTagging"),
            "s3:PutObjectVersionTagging",
        ),
        "source": ("s3:ListBucket",),
        "destination": ("s3:ListBucket",),
    },
    "metadata": {"source-objects": READ, "table": ("dynamodb:PutItem",)},
    "ingest": {
        "source-objects": READ,
        "table": ("dynamodb:PutItem", "dynamodb:BatchWriteItem"),
        "key": ("kms:Decrypt",),
    },
}


def too_much(evidence: dict[str, Any], flow: str) -> list[str]:
    """Return every grant of the role beyond the contract."""
    role, arns = evidence["role"], evidence["arns"]
    allowed = [
        (action.lower(), arns[part])
        for part, actions in ALLOWED[flow].items()
        for action in actions
    ] + [(action.lower(), "*") for action in LOGS]
    documents = [*role["inline"].values(), *(p["document"] for p in role["attached"])]
    return [
        f"{action} on {resource}"
        for document in documents
        for s in statements(document)
        for action in as_list(s.get("Action")) or ["NotAction"]
        for resource in as_list(s.get("Resource")) or ["NotResource"]
        if not any(action.lower() == a and matches(r, resource) for a, r in allowed)
    ]


@pytest.mark.requirement("role.least-privilege")
def test_role_may_do_nothing_more(evidence: dict[str, Any], lab: Lab) -> None:
    """No wildcard action, no other resource, no policy of full access."""
    assert too_much(evidence, lab.flow) == []
