"""The grader's own rights: enough for every call that grading makes, none that it never uses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from attrs import evolve

from labproof.analysis.policies import Request, may
from labproof.aws.operations import OPERATIONS
from labproof.building.grader_rights import grader_policy
from labproof.evidence.taking import InventoryLab, take
from labproof.labs.lab import Lab
from tests.support.grading import KINDS, Asked, client_files, grade, told
from tests.support.learner import allow, build, document

from .conftest import Enrol

ACTIONS = {f"{one.service}.{one.api_name}": one.actions for one in OPERATIONS}
TIMEOUT_S = 10.0
pytestmark = pytest.mark.once(reason="which calls are made is the same in each series")

# Who asks needs no right to be told who asks.
FREE = {"sts.GetCallerIdentity"}
# In a sandbox the caller is root, whom no bucket policy binds: a role asks in its place.
SANDBOX_ONLY = {
    *("sts.AssumeRole", "iam.CreateRole", "iam.PutRolePolicy"),
    *("iam.DeleteRolePolicy", "iam.DeleteRole"),
}
# What a lab in order, or one in a sandbox, gives no occasion to use.
RARE = {
    "s3:GetAccountPublicAccessBlock": "an emulator has no such settings",
    "cloudwatch:GetMetricStatistics": "an emulator has no metrics of uploads",
    "kms:GenerateDataKey": "S3 asks for it when an object is put under the lab's key",
    "lambda:GetFunctionEventInvokeConfig": "asked when an invocation has failed",
    "s3:AbortMultipartUpload": "asked when an upload in parts has failed",
    "s3:GetObject": "asked where a bucket keeps no versions",
    "s3:DeleteObject": "asked where a bucket keeps no versions",
    "s3:GetObjectVersion": "asked where a bucket keeps versions",
    "s3:DeleteObjectVersion": "asked where a bucket keeps versions",
    "s3:ListBucketVersions": "asked where a bucket keeps versions",
    "iam:GetPolicy": "asked of managed policies",
    "iam:GetPolicyVersion": "asked of managed policies",
    "iam:GetRolePolicy": "asked of inline policies",
    "events:DescribeRule": "asked of rules that invoke the function",
    "events:ListTargetsByRule": "asked of rules that invoke the function",
}
EVENTBRIDGE = ("event_copy", {"lab_delivery": "eventbridge"})
EXTENSIONS = {"lab_table_index": "by-time", "lab_topic": "told", "lab_more_source_buckets": ["b-2"]}
EXTENDED = ("file_metadata", {**EXTENSIONS, "lab_more_source_buckets": ["b-3"], "lab_stack": "s"})
# IAM knows no resource for ending a subscription.
ANYWHERE = {"sns:Unsubscribe"}


def actions(asked: Asked) -> list[str]:
    """Return the rights that a call needs: of a version's, a right of its own."""
    usual, *of_versions = ACTIONS[asked.operation]
    objects = [asked.request, *asked.request.get("Delete", {}).get("Objects", [])]
    return of_versions if of_versions and any("VersionId" in o for o in objects) else [usual]


def resources(asked: Asked, lab: Lab, place: dict[str, str]) -> list[str]:
    """Return the ARNs that a call is on, as the service authorization reference tells them."""
    request = asked.request
    here = "{region}:{account}".format(**place)
    if bucket := request.get("Bucket"):
        keys = [o["Key"] for o in request.get("Delete", {}).get("Objects", [])]
        keys += [request["Key"]] if "Key" in request else []
        return [f"arn:aws:s3:::{bucket}/{key}" for key in keys] or [f"arn:aws:s3:::{bucket}"]
    if index := request.get("IndexName"):
        return [f"arn:aws:dynamodb:{here}:table/{request['TableName']}/index/{index}"]
    if queue := request.get("QueueName") or request.get("QueueUrl", "").rpartition("/")[2]:
        return [f"arn:aws:sqs:{here}:{queue}"]
    if tables := request.get("RequestItems"):
        return [f"arn:aws:dynamodb:{here}:table/{table}" for table in tables]
    named = {
        "TableName": f"arn:aws:dynamodb:{here}:table/{{}}",
        "ResourceArn": "{}",
        "RoleName": f"arn:aws:iam::{place['account']}:role/{{}}",
        "PolicyArn": "{}",
        "FunctionName": f"arn:aws:lambda:{here}:function:{{}}",
        "logGroupName": f"arn:aws:logs:{here}:log-group:{{}}:*",
        "logGroupNamePrefix": f"arn:aws:logs:{here}:log-group:{{}}*",
        "KeyId": f"arn:aws:kms:{here}:key/0000",
        "TopicArn": "{}",
        "StackName": f"arn:aws:cloudformation:{here}:stack/{{}}/0000",
        "TrailName": f"arn:aws:cloudtrail:{here}:trail/{{}}",
    }
    if asked.operation.startswith("cloudtrail.GetTrail"):
        return [f"arn:aws:cloudtrail:{here}:trail/{request['Name']}"]
    if asked.operation == "events.DescribeRule":
        return [f"arn:aws:events:{here}:rule/{request['Name']}"]
    if asked.operation == "events.ListTargetsByRule":
        return [f"arn:aws:events:{here}:rule/{request['Rule']}"]
    found = [form.format(request[name]) for name, form in named.items() if request.get(name)]
    return found[:1] or ["*"]


def graded(entry: InventoryLab, recorded: list[Asked]) -> dict[str, str]:
    """Build and grade a lab; return where it is. ``recorded`` then has the calls of grading."""
    build(entry.lab, entry.connection)
    recorded.clear()
    snapshot = take(entry, client_files(entry), TIMEOUT_S)
    return {name: snapshot["target"][name] for name in ("account", "partition", "region")}


def denied(asked: Asked, lab: Lab, place: dict[str, str], policy: dict[str, Any]) -> list[str]:
    """Return what a policy does not allow of a call, in an account whose keys leave it to IAM."""
    account = place["account"]
    who, context = f"arn:aws:iam::{account}:role/g", {"kms:resourcealiases": [lab.key.alias]}
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    key = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    by_key = {"Statement": [key]} if asked.operation.startswith("kms.") else None
    return [
        f"{action} on {resource}"
        for action in actions(asked)
        for resource in resources(asked, lab, place)
        if not may(Request(who, action, resource, context=context), [policy], by_key)
    ]


@pytest.mark.parametrize(
    ("kind", "variables"),
    [*((kind, {}) for kind in KINDS), EVENTBRIDGE, EXTENDED],
)
def test_grading_uses_the_rights_of_its_policy_all_of_them_and_no_other(
    enrol: Enrol, recorded: list[Asked], kind: str, variables: dict[str, Any]
) -> None:
    entry = enrol(kind, **variables)
    place = graded(entry, recorded)
    policy = grader_policy(entry.lab, place)
    calls = [a for a in recorded if a.operation not in FREE | SANDBOX_ONLY]
    missing = [d for asked in calls for d in denied(asked, entry.lab, place, policy)]
    assert missing == []
    granted = {action for s in policy["Statement"] for action in s["Action"]}
    used = {action for asked in calls for action in actions(asked)}
    assert granted - used - set(RARE) == set()


@pytest.mark.parametrize(("kind", "variables"), [*((kind, {}) for kind in KINDS), EXTENDED])
def test_a_policy_fits_into_iam_and_names_no_more_than_the_lab(
    enrol: Enrol, kind: str, variables: dict[str, Any]
) -> None:
    entry = enrol(kind, **variables)
    place = {"partition": "aws", "region": "us-east-1", "account": "123456789012"}
    policy = grader_policy(entry.lab, place)
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(json.dumps(policy, separators=(",", ":"))) <= 6144
    names = [s["Sid"] for s in policy["Statement"]]
    assert len(set(names)) == len(names)
    for statement in policy["Statement"]:
        writing = [a for a in statement["Action"] if writes(a) and a not in ANYWHERE]
        assert not writing or "*" not in statement["Resource"], statement
        assert not any("*" in action for action in statement["Action"])


def writes(action: str) -> bool:
    verb = action.partition(":")[2]
    changing = ("Put", "Delete", "Create", "Update", "Set", "BatchWrite", "Abort", "Generate")
    return verb.startswith((*changing, "Subscribe", "Unsubscribe"))


@pytest.mark.parametrize(
    ("kind", "variables"), [*((kind, {}) for kind in KINDS), ("file_metadata", EXTENSIONS)]
)
def test_whoever_has_these_rights_and_no_other_grades_as_root_does(
    enrol: Enrol, kind: str, variables: dict[str, Any]
) -> None:
    entry = enrol(kind, **variables)
    build(entry.lab, entry.connection)
    place = entry.connection.identity()
    policy = in_sandbox(grader_policy(entry.lab, place))
    grader = evolve(entry.connection, assume_role_arn=a_role(entry, policy))
    result = grade(replace(entry, connection=grader))
    assert told(result) == []


def in_sandbox(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy with what the sandbox does not know of IAM made up for.

    It has no kms:ResourceAliases, and takes a call that names a table by ResourceArn to be on *.
    """
    kept = [{k: v for k, v in s.items() if k != "Condition"} for s in policy["Statement"]]
    reading = allow(Action="dynamodb:GetResourcePolicy", Resource="*")
    return policy | {"Statement": [*kept, reading]}


def a_role(entry: InventoryLab, policy: dict[str, Any]) -> str:
    """Make a role of the lab's account with one policy, and return its ARN."""
    iam, account = entry.connection.client("iam"), entry.connection.account_id
    trust = allow(Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="sts:AssumeRole")
    role = iam.create_role(RoleName="grader", AssumeRolePolicyDocument=document(trust))["Role"]
    iam.put_role_policy(RoleName="grader", PolicyName="grade", PolicyDocument=json.dumps(policy))
    return str(role["Arn"])
