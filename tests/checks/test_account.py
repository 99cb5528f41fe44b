"""No user and no access key takes part."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.authorization import holder, rights_of_users
from labproof.redaction import ACCESS_KEY
from labproof.snapshot import Snapshot, Unreadable, expect_none, is_error

from .holders import bucket_policy, policies

MOST_TOLD = 5


@pytest.mark.requirement(
    "account.no-keys",
    weight=3,
    rests_on=["source-bucket.exists", "function.exists"],
    hint="Let the role alone work on the lab: take access keys out of the function, and rights on "
    "the bucket, the table and the key away from users.",
    command="aws iam list-user-policies --user-name USER",
)
def test_no_access_key_takes_part(snapshot: Snapshot) -> None:
    """No access key is in the function, and no user but administrators has rights on the lab."""
    snapshot.part("source_bucket")
    expect_none(keys_in_function(snapshot) + users_with_rights(snapshot), "no key and no user")


def keys_in_function(snapshot: Snapshot) -> list[str]:
    """Return a clause for each file and variable with an access key."""
    function = snapshot.part("function")
    files = [name for name, text in function["files"].items() if ACCESS_KEY in text]
    variables = [name for name, v in function["environment"].items() if v["access_key"]]
    return [f"an access key in {name}" for name in (*files, *variables)]


def users_with_rights(snapshot: Snapshot) -> list[str]:
    """Return a clause for each user who may do something with the lab's parts."""
    snapshot.part("users")
    found = snapshot.document["state"]["users"]
    users = {user["name"]: user_holder(user) for user in found["listed"]}
    rights = rights_of_users(users, parts(snapshot))
    for name in rights:
        for unread in filter(is_error, policies(users[name])):
            raise Unreadable(unread["error"])
    return [f"user {name} may {', '.join(r[:MOST_TOLD])}" for name, r in rights.items()]


def user_holder(user: dict[str, Any]) -> dict[str, Any]:
    boundary = user.get("boundary")
    return holder(user, boundary["document"] if boundary else None)


def parts(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Return the lab's bucket, table and key with their own policies."""
    key = snapshot.document["state"].get("key") or {}
    policy = key.get("policy") if not is_error(key) else key
    found = {
        "bucket": {
            "arn": snapshot.arn("source"),
            "policy": bucket_policy(snapshot, "source_bucket"),
        },
        "table": {"arn": snapshot.arn("table"), "policy": None},
        "key": {"arn": snapshot.arn("key"), "policy": policy},
    }
    return {name: part for name, part in found.items() if part["arn"]}
