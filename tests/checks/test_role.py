"""The execution role: whom it trusts, what it may do, which policies it has."""

from __future__ import annotations

import pytest

from labproof.analysis.policies import (
    beyond,
    may_decrypt,
    may_put_items,
    may_read_every_object,
    may_write_every_object,
    may_write_logs,
    trusts_only_lambda,
)
from labproof.analysis.policies.decisions import is_unread, statements
from labproof.evidence.snapshot import Snapshot, expect, expect_none
from labproof.grading.rubric import rubric
from labproof.labs.arns import arn as arn_of
from labproof.labs.flows import FLOWS

from .holders import policies, policy_of, policy_of_source, role, sure, told


@pytest.mark.requirement(
    "role.exists",
    hint="Create the role $role for the use case Lambda.",
    command="aws iam create-role --role-name $role --assume-role-policy-document '$trust_document'",
    playbook="create-role.yml",
)
def test_role_exists(snapshot: Snapshot) -> None:
    """The execution role exists under its exact name."""
    snapshot.part("role")


@pytest.mark.requirement(
    "role.trusts-lambda",
    rests_on=["role.exists"],
    hint="Let lambda.amazonaws.com, and nobody else, assume $role.",
    command="aws iam update-assume-role-policy --role-name $role "
    "--policy-document '$trust_document'",
    playbook="create-role.yml",
)
def test_role_trusts_lambda_alone(snapshot: Snapshot) -> None:
    """Lambda, and nobody else, may assume the role."""
    trust = snapshot.part("role")["trust"]
    named = [s.get("Principal") for s in statements(trust)]
    expect(trusts_only_lambda(trust), "trust in lambda.amazonaws.com alone", f"trust in {named}")


@pytest.mark.requirement(
    "role.can-write-logs",
    rests_on=["role.exists"],
    hint="Attach AWSLambdaBasicExecutionRole to $role, so that the function can write its log.",
    command="aws iam attach-role-policy --role-name $role "
    "--policy-arn arn:$partition:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    playbook="create-role.yml",
)
def test_role_can_write_logs(snapshot: Snapshot) -> None:
    """The role may create log groups and streams, and put log events."""
    who = role(snapshot)
    group = arn_of("log-group", snapshot.lab.function.log_group, snapshot.target)
    expected = "logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents"
    sure(may_write_logs(who, group), policies(who), expected, told(who))


@pytest.mark.requirement(
    "role.can-read-source",
    weight=3,
    rests_on=["role.exists"],
    hint="Let $role read the objects of $source_bucket (s3:GetObject).",
    command="$grant_role",
    playbook="create-role.yml",
)
def test_role_can_read_the_source(snapshot: Snapshot) -> None:
    """The role may read every object of the source bucket, however that comes about."""
    who = role(snapshot)
    for arn in snapshot.arns("source"):
        policy = policy_of_source(snapshot, arn)
        readable = may_read_every_object(who, arn, policy)
        expected = f"s3:GetObject on every object of {arn.rpartition(':')[2]}"
        sure(readable, policies(who, policy), expected, told(who))


@pytest.mark.requirement(
    "role.can-write-destination",
    weight=3,
    rests_on=["role.exists"],
    hint="Let $role put objects into $destination_bucket (s3:PutObject).",
    command="$grant_role",
    playbook="create-role.yml",
)
def test_role_can_write_the_destination(snapshot: Snapshot) -> None:
    """The role may put any object into the destination bucket, however that comes about."""
    who, policy = role(snapshot), policy_of(snapshot, "destination_bucket")
    writable = may_write_every_object(who, snapshot.arn("destination"), policy)
    expected = f"s3:PutObject on every object of {snapshot.lab.destination.bucket}"
    sure(writable, policies(who, policy), expected, told(who))


@pytest.mark.requirement(
    "role.can-write-table",
    weight=3,
    rests_on=["role.exists"],
    hint="Let $role put items into the table $table (dynamodb:PutItem).",
    command="$grant_role",
    playbook="create-role.yml",
)
def test_role_can_write_the_table(snapshot: Snapshot) -> None:
    """The role may put items into the table, however that comes about."""
    who, policy = role(snapshot), policy_of(snapshot, "table")
    writable = may_put_items(who, snapshot.arn("table"), policy)
    expected = f"dynamodb:PutItem on {snapshot.lab.table.name}"
    sure(writable, policies(who, policy), expected, told(who))


@pytest.mark.requirement(
    "role.policies",
    rests_on=["role.exists"],
    hint="Attach every managed policy that the challenge names to $role.",
    command="$attach_policies",
    playbook="create-role.yml",
)
def test_the_named_policies_are_attached(snapshot: Snapshot) -> None:
    """The managed policies that the challenge names are attached."""
    wanted = [policy.rpartition("/")[2] for policy in snapshot.lab.role.managed_policies]
    found = [policy["name"] for policy in snapshot.part("role")["attached"]]
    expect(set(wanted) <= set(found), ", ".join(wanted), ", ".join(found) or "none")


@pytest.mark.requirement(
    "role.can-decrypt",
    weight=3,
    rests_on=["role.exists", "key.exists", "key.policy"],
    hint="Let $role use the key $key_alias (kms:Decrypt).",
    command="$grant_role",
    playbook="create-role.yml",
)
def test_role_can_decrypt(snapshot: Snapshot) -> None:
    """The role may decrypt with the lab's key, by its own policies and the key's together."""
    who, key = role(snapshot), snapshot.part("key")
    policy = snapshot.document["state"]["key"]["policy"]
    usable = may_decrypt(who, key["arn"], policy, snapshot.arn("source"))
    sure(usable, policies(who, policy), f"kms:Decrypt with {snapshot.lab.key.alias}", told(who))


LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
CAN = ["role.can-write-logs", "role.can-read-source", "role.can-write-destination"]
CAN += ["role.can-write-table", "role.can-decrypt"]


@pytest.mark.requirement(
    "role.least-privilege",
    weight=3,
    rests_on=["role.exists", *CAN],
    hint="Take away from $role what the lab does not need; these policies are enough.",
    command="$grant_role",
    playbook="create-role.yml",
)
def test_role_may_do_nothing_more(snapshot: Snapshot) -> None:
    """The role may do what the lab needs, and nothing more."""
    who = role(snapshot)
    rights = [(LOGS, ["*"])]
    for target, actions in FLOWS[snapshot.lab.flow].role.items():
        if arns := [arn for arn in snapshot.arns(target) if arn]:
            rights.append((actions, arns))
    expect_none(beyond(who["documents"], rights), "no right beyond what the lab needs")
    all_read = not any(map(is_unread, who["documents"]))
    sure(all_read, policies(who), "policies that can be read", "others")
    for name in set(CAN) & set(snapshot.lab.requirements):  # a role without rights is not the least
        rubric()[name].check(snapshot)
