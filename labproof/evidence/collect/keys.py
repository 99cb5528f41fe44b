"""Keys of KMS."""

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
    run,
    tags,
)
from labproof.aws.connection import Connection

MOST_PAGES = 5
MOST_GRANTS = 50


def key(alias: str) -> Reader:
    """Read a key by its alias; None when absent. One that waits for its deletion is read, too."""
    (found,) = yield [call("kms", "describe_key", "KeyMetadata", KeyId=alias)]
    if nothing(found):
        return found
    name = found["KeyId"]
    policy, rotates, grants = yield [
        call("kms", "get_key_policy", "Policy", KeyId=name, PolicyName="default"),
        call("kms", "get_key_rotation_status", "KeyRotationEnabled", KeyId=name),
        paged("kms", "list_grants", 1, KeyId=name),
    ]
    return {
        "name": alias,
        "id": name,
        "arn": found["Arn"],
        "manager": found.get("KeyManager"),
        "spec": found.get("KeySpec"),
        "usage": found.get("KeyUsage"),
        "origin": found.get("Origin"),
        "state": found["KeyState"],
        "rotates": rotates,
        "policy": document(policy, "get_key_policy"),
        "grants": _grants(grants),
    }


def survey(alias: str) -> Reader:
    """Read no more of a key than whose it is, and its ARN."""
    (found,) = yield [call("kms", "describe_key", "KeyMetadata", KeyId=alias)]
    if nothing(found):
        return found
    (tagged,) = yield [paged("kms", "list_resource_tags", MOST_PAGES, KeyId=found["KeyId"])]
    owner = tags(items(tagged, "Tags"), "TagKey", "TagValue")
    return {"name": alias, "arn": found["Arn"], "tags": owner}


def read_key(connection: Connection, alias: str) -> Any:
    """Return a key; None when absent."""
    return run(key(alias), connection)


def _grants(pages: Any) -> Any:
    """Say who may use a key by grants: ``{"listed": [...], "cut": bool}``."""
    grants = items(pages, "Grants")
    if is_error(grants):
        return grants
    listed = [
        {
            "grantee": grant.get("GranteePrincipal"),
            "operations": grant.get("Operations", []),
            "constraints": grant.get("Constraints"),
        }
        for grant in grants[:MOST_GRANTS]
    ]
    more = len(grants) > MOST_GRANTS or any(page.get("Truncated") for page in pages or [])
    return {"listed": listed, "cut": more}
