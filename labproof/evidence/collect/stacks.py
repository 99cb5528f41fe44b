"""Stacks of CloudFormation."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, nothing, tags


def stack(name: str) -> Reader:
    """Read a stack: its status, and the ids of its resources by type; None when absent."""
    found = yield from survey(name)
    return found if nothing(found) else {k: v for k, v in found.items() if k != "tags"}


def survey(name: str) -> Reader:
    """Read a stack with its tags."""
    stacks, listed = yield [
        call("cloudformation", "describe_stacks", "Stacks", StackName=name),
        call("cloudformation", "describe_stack_resources", "StackResources", StackName=name),
    ]
    if is_error(stacks):
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        return None if "does not exist" in stacks["error"]["message"] else stacks
    return {
        "name": name,
        "status": stacks[0]["StackStatus"],
        "tags": tags(stacks[0].get("Tags")),
        "resources": listed if is_error(listed) else _by_type(listed or []),
    }


def _by_type(resources: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for resource in resources:
        if name := resource.get("PhysicalResourceId"):
            found.setdefault(resource["ResourceType"], []).append(name)
    return found
