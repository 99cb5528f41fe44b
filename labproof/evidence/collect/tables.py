"""Tables."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import (
    Reader,
    call,
    document,
    items,
    nothing,
    paged,
    tags,
    together,
)

MOST_PAGES = 5


def table(name: str) -> Reader:
    """Read a table; None when it does not exist."""
    found, recovery = yield [
        call("dynamodb", "describe_table", "Table", TableName=name),
        call(
            *("dynamodb", "describe_continuous_backups", "ContinuousBackupsDescription"),
            TableName=name,
        ),
    ]
    if nothing(found):
        return found
    encryption = found.get("SSEDescription")
    more = yield from together(
        {
            "encryption_key": _encryption_key((encryption or {}).get("KMSMasterKeyArn")),
            "policy": _policy(found["TableArn"]),
        }
    )
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return {
        **_described(found),
        "billing": billing,
        "encryption": encryption,
        **more,
        "recovery": recovery,
    }


def survey(name: str) -> Reader:
    """Read no more of a table than whose it is, its key and those of its indexes."""
    (found,) = yield [call("dynamodb", "describe_table", "Table", TableName=name)]
    if nothing(found):
        return found
    return _described(found) | {"tags": (yield from _tags(found["TableArn"]))}


def _described(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": found["TableName"],
        "arn": found["TableArn"],
        "status": found["TableStatus"],
        "key": _key(found, found),
        "indexes": [_index(index, found) for index in found.get("GlobalSecondaryIndexes", [])],
    }


def _tags(arn: str) -> Reader:
    (pages,) = yield [paged("dynamodb", "list_tags_of_resource", MOST_PAGES, ResourceArn=arn)]
    return tags(items(pages, "Tags"))


def _policy(arn: str) -> Reader:
    (text,) = yield [call("dynamodb", "get_resource_policy", "Policy", ResourceArn=arn)]
    return document(text, "get_resource_policy")


def _encryption_key(arn: str | None) -> Reader:
    """Read the key that a table names: ``{"arn", "manager", "state"}``; None for DynamoDB's own."""
    if arn is None:
        return None
    (key,) = yield [call("kms", "describe_key", "KeyMetadata", KeyId=arn)]
    if is_error(key):
        return key
    found = key or {"KeyState": "Missing"}
    return {"arn": arn, "manager": found.get("KeyManager"), "state": found.get("KeyState")}


def _index(index: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": index["IndexName"],
        "status": index.get("IndexStatus"),
        "key": _key(index, described),
        "projection": index.get("Projection", {}).get("ProjectionType"),
    }


def _key(owner: dict[str, Any], described: dict[str, Any]) -> list[dict[str, Any]]:
    types = {a["AttributeName"]: a["AttributeType"] for a in described["AttributeDefinitions"]}
    return [
        {"name": k["AttributeName"], "role": k["KeyType"], "type": types[k["AttributeName"]]}
        for k in owner["KeySchema"]
    ]
