"""Read what the extensions of the file-metadata lab add: topic, index, more buckets, stack."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import call
from labproof.aws.connection import Connection
from labproof.evidence.collect.buckets import read_bucket
from labproof.labs.lab import Lab

READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
STACK_TAG = "aws:cloudformation:stack-name"


def part_of(bucket: str) -> str:
    """Return the name under which one more source bucket stands among a lab's parts."""
    return f"source_bucket {bucket}"


def topic_arn(name: str, identity: dict[str, str]) -> str:
    """Return a topic's ARN; ``identity`` holds ``partition``, ``region`` and ``account``."""
    return "arn:{partition}:sns:{region}:{account}:{name}".format(name=name, **identity)


def read_extensions(
    lab: Lab, connection: Connection, identity: dict[str, str]
) -> dict[str, dict[str, Any] | None]:
    """Return what exists of a lab's topic, further source buckets and stack: ``{part: reading}``.

    A part that the lab does not have is left out; one that does not exist is None.
    """
    parts: dict[str, tuple[Callable[..., Any], str]] = {
        part_of(name): (read_bucket, name) for name in lab.source.more_buckets
    }
    if lab.topic:
        parts["topic"] = (read_topic, topic_arn(lab.topic.name, identity))
    if lab.stack:
        parts["stack"] = (read_stack, lab.stack.name)
    if not parts:
        return {}
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        futures = {
            part: pool.submit(reader, connection, name) for part, (reader, name) in parts.items()
        }
        return {part: future.result() for part, future in futures.items()}


def read_topic(connection: Connection, arn: str) -> Any:
    """Return a topic: its ARN and tags; None when absent."""
    found = call("sns", "get_topic_attributes", "Attributes", TopicArn=arn).answer(connection)
    if found is None or is_error(found):
        return found
    tags = call("sns", "list_tags_for_resource", "Tags", ResourceArn=arn).answer(connection)
    return {"name": arn.rsplit(":", 1)[1], "arn": arn, "tags": _tags(tags)}


def read_indexes(connection: Connection, table: str) -> Any:
    """Return a table's global secondary indexes: name, status, key, projection; None when absent.

    ``key`` is a list of ``{"name", "role", "type"}``, as of a table.
    """
    found = call("dynamodb", "describe_table", "Table", TableName=table).answer(connection)
    if found is None or is_error(found):
        return found
    types = {a["AttributeName"]: a["AttributeType"] for a in found["AttributeDefinitions"]}
    return [
        {
            "name": index["IndexName"],
            "status": index.get("IndexStatus"),
            "projection": index["Projection"]["ProjectionType"],
            "key": [
                {
                    "name": k["AttributeName"],
                    "role": k["KeyType"],
                    "type": types[k["AttributeName"]],
                }
                for k in index["KeySchema"]
            ],
        }
        for index in found.get("GlobalSecondaryIndexes", [])
    ]


def read_stack(connection: Connection, name: str) -> Any:
    """Return a stack: its status, tags and resources by type; None when absent.

    ``resources`` is ``{resource type: [physical id, ...]}``.
    """
    stacks = call("cloudformation", "describe_stacks", "Stacks", StackName=name).answer(connection)
    if is_error(stacks):
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        return None if "does not exist" in stacks["error"]["message"] else stacks
    listed = call(
        "cloudformation", "describe_stack_resources", "StackResources", StackName=name
    ).answer(connection)
    return {
        "name": name,
        "status": stacks[0]["StackStatus"],
        "tags": _tags(stacks[0].get("Tags")),
        "resources": listed if is_error(listed) else _by_type(listed or []),
    }


def _by_type(resources: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for resource in resources:
        if name := resource.get("PhysicalResourceId"):
            found.setdefault(resource["ResourceType"], []).append(name)
    return found


def _tags(pairs: Any) -> Any:
    return pairs if is_error(pairs) else {pair["Key"]: pair["Value"] for pair in pairs or []}
