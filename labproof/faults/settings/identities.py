"""Managed policies, users and groups of the account, by name."""

from __future__ import annotations

import json
from typing import Any

from labproof.faults.place import Place
from labproof.faults.settings.reading import found, removed


def read_managed(place: Place, name: str) -> Any:
    """Return the document of a policy of the account, by its name."""
    iam, arn = place.aws("iam"), managed_arn(place, name)
    answer = found(lambda: iam.get_policy(PolicyArn=arn))
    if answer is None:
        return None
    version = answer["Policy"]["DefaultVersionId"]
    found_version = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return found_version["PolicyVersion"]["Document"]


def write_managed(place: Place, name: str, document: Any) -> None:
    iam = place.aws("iam")
    removed(lambda: iam.delete_policy(PolicyArn=managed_arn(place, name)))
    if document is not None:
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))


def managed_arn(place: Place, name: str) -> str:
    return f"{place.words['iam']}:policy/{name}"


def read_user(place: Place, name: str) -> Any:
    """Return a user's own policies, None where there is no such user."""
    iam = place.aws("iam")
    if found(lambda: iam.get_user(UserName=name)) is None:
        return None
    names = iam.list_user_policies(UserName=name)["PolicyNames"]
    return {n: iam.get_user_policy(UserName=name, PolicyName=n)["PolicyDocument"] for n in names}


def write_user(place: Place, name: str, policies: Any) -> None:
    iam, before = place.aws("iam"), read_user(place, name)
    for policy in before or {}:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    if policies is None:
        removed(lambda: iam.delete_user(UserName=name))
        return
    if before is None:
        iam.create_user(UserName=name)
    for policy, document in policies.items():
        iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def read_group(place: Place, name: str) -> Any:
    """Return a group's own policies and its members, None where there is no such group."""
    iam = place.aws("iam")
    answer = found(lambda: iam.get_group(GroupName=name))
    if answer is None:
        return None
    names = iam.list_group_policies(GroupName=name)["PolicyNames"]
    documents = {
        n: iam.get_group_policy(GroupName=name, PolicyName=n)["PolicyDocument"] for n in names
    }
    return {"policies": documents, "users": [u["UserName"] for u in answer["Users"]]}


def write_group(place: Place, name: str, wanted: Any) -> None:
    iam, before = place.aws("iam"), read_group(place, name)
    for user in (before or {}).get("users", []):
        iam.remove_user_from_group(GroupName=name, UserName=user)
    for policy in (before or {}).get("policies", {}):
        iam.delete_group_policy(GroupName=name, PolicyName=policy)
    if before is not None:
        iam.delete_group(GroupName=name)
    if wanted is None:
        return
    iam.create_group(GroupName=name)
    for policy, document in wanted["policies"].items():
        iam.put_group_policy(GroupName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    for user in wanted["users"]:
        iam.add_user_to_group(GroupName=name, UserName=user)


SETTINGS = {
    "managed_policy": (read_managed, write_managed),
    "user": (read_user, write_user),
    "group": (read_group, write_group),
}
