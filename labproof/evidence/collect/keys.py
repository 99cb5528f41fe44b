"""Keys of KMS."""

from __future__ import annotations

from labproof.aws.asking import (
    Reader,
    call,
    document,
    items,
    nothing,
    paged,
    tags,
)

MOST_PAGES = 5


def key(alias: str) -> Reader:
    """Read a key by its alias; None when absent. One that waits for its deletion is read, too."""
    (found,) = yield [call("kms", "describe_key", "KeyMetadata", KeyId=alias)]
    if nothing(found):
        return found
    name = found["KeyId"]
    policy, rotates = yield [
        call("kms", "get_key_policy", "Policy", KeyId=name, PolicyName="default"),
        call("kms", "get_key_rotation_status", "KeyRotationEnabled", KeyId=name),
    ]
    return {
        "name": alias,
        "arn": found["Arn"],
        "manager": found.get("KeyManager"),
        "spec": found.get("KeySpec"),
        "origin": found.get("Origin"),
        "state": found["KeyState"],
        "rotates": rotates,
        "policy": document(policy, "get_key_policy"),
    }


def survey(alias: str) -> Reader:
    """Read no more of a key than whose it is, and its ARN."""
    (found,) = yield [call("kms", "describe_key", "KeyMetadata", KeyId=alias)]
    if nothing(found):
        return found
    (tagged,) = yield [paged("kms", "list_resource_tags", MOST_PAGES, KeyId=found["KeyId"])]
    owner = tags(items(tagged, "Tags"), "TagKey", "TagValue")
    return {"name": alias, "arn": found["Arn"], "tags": owner}
