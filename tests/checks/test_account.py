"""No user and no access key takes part."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.analysis.policies import holder, is_unclear, rights_of_users
from labproof.analysis.policies.decisions import names_in, statements
from labproof.aws.answers import error_of, is_error
from labproof.evidence.redaction import ACCESS_KEY
from labproof.evidence.snapshot import Snapshot, Unreadable, expect_none

from .holders import policies, policy_of

MOST_TOLD = 5
# The names of a part in authorization, among the ARNs, and in the state
PARTS = (("bucket", "source", "source_bucket"), ("table", "table", "table"), ("key", "key", "key"))


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
    """Return a clause for each user who may do something with the lab's parts.

    Raises Unreadable where nobody surely may, but somebody might.
    """
    counted = snapshot.part("users")["counted"]
    users, scopes = holders(snapshot), parts(snapshot)
    read = {name: part for name, part in scopes.items() if not is_error(part["policy"])}
    known = {name: who for name, who in users.items() if not is_unclear(who)}
    if sure := rights_of_users(known, read):
        return [f"user {name} may {', '.join(r[:MOST_TOLD])}" for name, r in sure.items()]
    unread = [one for name in rights_of_users(users, read) for one in policies(users[name])]
    unread += [part["policy"] for part in scopes.values() if counted]
    for one in filter(is_error, [*unread, unlisted(snapshot)]):
        raise Unreadable(one["error"])
    return []


def unlisted(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return an error where the account has more users than could be looked at."""
    cut = snapshot.part("users")["cut"]
    said = "more users, or policies of theirs, than are read"
    return error_of("get_account_authorization_details", "TooManyUsers", said) if cut else None


def holders(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Return the users with policies of their own, and those whom the parts' policies name."""
    users = snapshot.document["state"]["users"]
    found = {user["name"]: user_holder(user) for user in users["listed"]}
    if users["cut"]:  # one who is not listed may be an administrator
        return found
    user = f":iam::{snapshot.target['account']}:user/"
    named = {n for part in parts(snapshot).values() for n in names_of(part["policy"]) if user in n}
    idle = sorted(named - {who["arn"] for who in found.values()})
    return found | {arn.rpartition("/")[2]: holder({"arn": arn}) for arn in idle}


def names_of(policy: Any) -> list[str]:
    """Return everyone whom a policy allows something by name."""
    return [name for s in statements(policy, "Allow") for name in names_in(s.get("Principal"))]


def user_holder(user: dict[str, Any]) -> dict[str, Any]:
    boundary = user.get("boundary")
    return holder(user, boundary["document"] if boundary else None)


def parts(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Return the lab's bucket, table and key with their own policies."""
    found = {
        name: {"arn": snapshot.arn(target), "policy": policy_of(snapshot, part)}
        for name, target, part in PARTS
    }
    # The ARN of a key that could not be read is not known either.
    return {name: one for name, one in found.items() if one["arn"] or is_error(one["policy"])}
