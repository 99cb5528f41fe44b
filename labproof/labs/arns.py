"""The ARNs that resources have by their names, and those of a lab's parts.

https://docs.aws.amazon.com/service-authorization/latest/reference/ says how each is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from labproof.labs.lab import Lab

FORMS = {
    "bucket": "arn:{partition}:s3:::{name}",
    "objects": "arn:{partition}:s3:::{name}/*",
    "account": "arn:{partition}:iam::{account}:root",
    "role": "arn:{partition}:iam::{account}:role/{name}",
    "policy": "arn:{partition}:iam::{account}:policy/{name}",
    "aws-policy": "arn:{partition}:iam::aws:policy/{name}",
    "table": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "rule": "arn:{partition}:events:{region}:{account}:rule/{name}",
    "logs": "arn:{partition}:logs:{region}:{account}:*",
    "log-group": "arn:{partition}:logs:{region}:{account}:log-group:{name}",
    "key": "arn:{partition}:kms:{region}:{account}:key/{name}",
    "alias": "arn:{partition}:kms:{region}:{account}:{name}",
    "trail": "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",
    "queue": "arn:{partition}:sqs:{region}:{account}:{name}",
    "topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "stack": "arn:{partition}:cloudformation:{region}:{account}:stack/{name}/*",
}
# What kind of resource a part of a lab is, where its name gives the ARN.
KINDS = {
    "source_bucket": "bucket",
    "destination_bucket": "bucket",
    "trail_bucket": "bucket",
    "log_bucket": "bucket",
    "role": "role",
    "trail_role": "role",
    "table": "table",
    "function": "function",
    "log_group": "log-group",
    "trail": "trail",
    "trail_log_group": "log-group",
    "topic": "topic",
}


def arn(kind: str, name: str, place: Mapping[str, str]) -> str:
    """Return the ARN of a resource; ``place`` holds ``partition``, ``region`` and ``account``."""
    return FORMS[kind].format(name=name, **place)


def names(lab: Lab) -> dict[str, str]:
    """Return what a lab's parts in its account are called: ``{part: name}``, those that it has."""
    found = {
        "source_bucket": lab.source.bucket,
        "destination_bucket": lab.destination.bucket,
        "role": lab.role.name,
        "table": lab.table.name,
        "function": lab.function.name,
        "log_group": lab.function.log_group,
        "key": lab.key.alias,
        "trail": lab.trail.name,
        "trail_bucket": lab.trail.bucket,
        "trail_role": lab.trail.role,
        "trail_log_group": lab.trail.role and f"/aws/cloudtrail/{lab.trail.name}",
        "log_bucket": lab.logs.bucket,
        **{one_more_source(bucket): bucket for bucket in lab.source.more_buckets},
        "topic": lab.topic.name,
        "stack": lab.stack.name,
    }
    return {part: name for part, name in found.items() if name}


def one_more_source(bucket: str) -> str:
    """Return the name under which one more source bucket stands among a lab's parts."""
    return f"source_bucket {bucket}"


def arns(lab: Lab, place: Mapping[str, str]) -> dict[str, str]:
    """Return the ARNs of a lab's parts that are known by their names: ``{part: ARN}``."""
    named = names(lab)
    return {part: arn(kind, named[part], place) for part, kind in KINDS.items() if part in named}
