"""The execution role: whom it trusts, what it may do, which policies it has."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.policies import grants
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
