"""The least rights with which a lab can be graded: what is read, and what the probe does.

Rights are on the lab's own resources wherever IAM knows resources for an action
(https://docs.aws.amazon.com/service-authorization/latest/reference/). Nothing can be changed with
them but objects of the source and destination buckets, items of the table, and who is subscribed to
the lab's topic. They are rights of
an account that is AWS; what the probe does for itself in a sandbox (a role of its own) is no part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.labs.lab import Lab

# What the names of rules, keys and policies are is known only after reading.
ARNS = {
    "bucket": "arn:{partition}:s3:::{name}",
    "objects": "arn:{partition}:s3:::{name}/*",
    "role": "arn:{partition}:iam::{account}:role/{name}",
    "policies": "arn:{partition}:iam::{account}:policy/*",
    "aws-policies": "arn:{partition}:iam::aws:policy/*",
    "table": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "rules": "arn:{partition}:events:{region}:{account}:rule/*",
    "log-group": "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{name}",
    "keys": "arn:{partition}:kms:{region}:{account}:key/*",
    "alias": "arn:{partition}:kms:{region}:{account}:{name}",
    "trail": "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",
    "queues": "arn:{partition}:sqs:{region}:{account}:labproof-*",
    "topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "stack": "arn:{partition}:cloudformation:{region}:{account}:stack/{name}/*",
    "any": "*",
}
REACH = [
    *("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketPublicAccessBlock"),
    *("s3:GetBucketPolicy", "s3:GetBucketAcl", "s3:GetBucketOwnershipControls"),
]
SOURCE = [
    *("s3:GetBucketNotification", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration"),
    "s3:GetBucketTagging",
]
# A bucket may keep versions, or not, against what the lab asks for.
OBJECTS = ["s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject", "s3:DeleteObjectVersion"]
# Messages of a topic go to a queue that the probe makes for itself.
QUEUES = [
    *("sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes"),
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:DeleteQueue"),
]
# How a flow looks for what the function writes into the table
LOOKING = {"transfer": "dynamodb:Scan", "metadata": "dynamodb:Query", "ingest": "dynamodb:Query"}

Grant = tuple[str, list[str], list[tuple[str, str]], dict[str, Any] | None]


def grader_policy(lab: Lab, identity: dict[str, str]) -> dict[str, Any]:
    """Return the policy document that grading a lab needs.

    ``identity`` is its ``partition``, ``region`` and ``account``.
    """
    grants = [*_buckets(lab), *_role(lab), *_pipeline(lab), *_hardened(lab), *_extensions(lab)]
    return {"Version": "2012-10-17", "Statement": [_statement(one, identity) for one in grants]}


def _statement(grant: Grant, identity: dict[str, str]) -> dict[str, Any]:
    name, actions, resources, condition = grant
    found = {
        "Sid": name,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": [ARNS[kind].format(name=who, **identity) for kind, who in resources],
    }
    return found | ({"Condition": condition} if condition else {})


def _buckets(lab: Lab) -> Iterator[Grant]:
    sources = [*lab.source.buckets]
    parts = ["s3:AbortMultipartUpload"] if lab.flow == "metadata" else []
    uploading = ["s3:PutObject", *parts, *OBJECTS]
    yield "ReadSource", REACH + SOURCE, [("bucket", one) for one in sources], None
    yield "Upload", uploading, [("objects", one) for one in sources], None
    if destination := lab.destination.bucket:
        yield "ReadDestination", REACH, [("bucket", destination)], None
        yield "ReadCopies", OBJECTS, [("objects", destination)], None
    yield "ReadAccount", ["s3:GetAccountPublicAccessBlock"], [("any", "")], None


def _role(lab: Lab) -> Iterator[Grant]:
    # A role's path is part of its ARN, and a learner may choose one.
    names = [("role", lab.role.name), ("role", f"*/{lab.role.name}")]
    reading = ["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
    yield "ReadRole", [*reading, "iam:GetRolePolicy"], names, None
    documents = ["iam:GetPolicy", "iam:GetPolicyVersion"]
    yield "ReadPolicies", documents, [("policies", ""), ("aws-policies", "")], None
    if "account.no-keys" in lab.requirements:
        yield "ReadUsers", ["iam:GetAccountAuthorizationDetails"], [("any", "")], None


def _pipeline(lab: Lab) -> Iterator[Grant]:
    function = lab.function.name
    reading = ["lambda:GetFunction", "lambda:GetFunctionEventInvokeConfig", "lambda:ListAliases"]
    yield "ReadFunction", [*reading, "lambda:GetPolicy"], _qualified(function), None
    yield "FindRules", ["events:ListRuleNamesByTarget"], [("any", "")], None
    yield "ReadRules", ["events:DescribeRule", "events:ListTargetsByRule"], [("rules", "")], None
    yield "FindLogGroup", ["logs:DescribeLogGroups"], [("any", "")], None
    # AWS writes a log group's ARN with that ending and without it.
    log = [("log-group", function), ("log-group", f"{function}:*")]
    yield "ReadLog", ["logs:FilterLogEvents"], log, None
    yield "ReadMetrics", ["cloudwatch:GetMetricStatistics"], [("any", "")], None
    if lab.table:
        describing = ["dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups"]
        items = [LOOKING[lab.flow], "dynamodb:BatchWriteItem"] if lab.flow in LOOKING else []
        actions = [*describing, "dynamodb:GetResourcePolicy", *items]
        yield "ReadTable", actions, [("table", lab.table.name)], None


def _qualified(function: str) -> list[tuple[str, str]]:
    return [("function", function), ("function", f"{function}:*")]


def _hardened(lab: Lab) -> Iterator[Grant]:
    if alias := lab.key.alias:
        # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
        mine = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
        reading = ["kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants"]
        yield "ReadKey", reading, [("keys", "")], mine
        # A table may be encrypted with another key, which is looked at, too.
        yield "DescribeKeys", ["kms:DescribeKey"], [("keys", ""), ("alias", alias)], None
        yield "EncryptUploads", ["kms:GenerateDataKey"], [("keys", "")], mine
    if trail := lab.trail.name:
        status = ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"]
        reading = [*status, "cloudtrail:GetEventSelectors"]
        yield "ReadTrail", reading, [("trail", trail)], None
        yield "SeeTrailBucket", ["s3:ListBucket"], [("bucket", lab.trail.bucket)], None
        yield "ReadHistory", ["cloudtrail:LookupEvents"], [("any", "")], None


def _extensions(lab: Lab) -> Iterator[Grant]:
    if index := lab.table.index:
        asked = f"{lab.table.name}/index/{index}"
        yield "AskIndex", ["dynamodb:Query"], [("table", asked)], None
    if topic := lab.topic.name:
        yield "HearTopic", ["sns:GetTopicAttributes", "sns:Subscribe"], [("topic", topic)], None
        # IAM knows no resource for it; whoever subscribed may end it.
        yield "LeaveTopic", ["sns:Unsubscribe"], [("any", "")], None
        yield "OwnQueues", QUEUES, [("queues", "")], None
    if stack := lab.stack.name:
        reading = ["cloudformation:DescribeStacks", "cloudformation:DescribeStackResources"]
        yield "ReadStack", reading, [("stack", stack)], None
