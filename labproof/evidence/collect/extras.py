"""What the extensions of the file-metadata lab add: a topic, and a stack that made the lab."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, nothing


def topic(arn: str) -> Reader:
    """Read a topic; None when it does not exist."""
    (found,) = yield [call("sns", "get_topic_attributes", "Attributes", TopicArn=arn)]
    if nothing(found):
        return found
    return {"name": arn.rpartition(":")[2], "arn": arn, "key": found.get("KmsMasterKeyId")}


def stack(name: str) -> Reader:
    """Read a stack: its status, and the ids of its resources by type; None when absent."""
    stacks, listed = yield [
        call("cloudformation", "describe_stacks", "Stacks", StackName=name),
        call("cloudformation", "describe_stack_resources", "StackResources", StackName=name),
    ]
    if is_error(stacks):
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        return None if "does not exist" in stacks["error"]["message"] else stacks
    resources = listed if is_error(listed) else _by_type(listed or [])
    return {"name": name, "status": stacks[0]["StackStatus"], "resources": resources}


def _by_type(resources: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for resource in resources:
        if name := resource.get("PhysicalResourceId"):
            found.setdefault(resource["ResourceType"], []).append(name)
    return found
