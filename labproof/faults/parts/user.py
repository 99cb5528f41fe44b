"""Users and groups of the account, by name, each with policies of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.parts.role import own_policies
from labproof.faults.place import OWN, Place
from labproof.faults.policies import allow, policy
from labproof.faults.setting import Step, named, whole

OF_USERS, OF_GROUPS = own_policies("user"), own_policies("group")


def read_user(place: Place, name: str) -> Any:
    """Return a user's own policies."""
    place.aws("iam").get_user(UserName=name)
    return OF_USERS.read(place, name)


def make_user(place: Place, name: str, policies: Any) -> None:
    place.aws("iam").create_user(UserName=name)
    OF_USERS.write(place, name, policies)


def remove_user(place: Place, name: str) -> None:
    OF_USERS.write(place, name, {})
    place.aws("iam").delete_user(UserName=name)


def read_group(place: Place, name: str) -> Any:
    """Return a group's members; its policies are a part of it."""
    users = place.aws("iam").get_group(GroupName=name)["Users"]
    return {"users": [user["UserName"] for user in users]}


def make_group(place: Place, name: str, wanted: Any) -> None:
    iam = place.aws("iam")
    iam.create_group(GroupName=name)
    for user in wanted["users"]:
        iam.add_user_to_group(GroupName=name, UserName=user)


def remove_group(place: Place, name: str) -> None:
    iam = place.aws("iam")
    for user in read_group(place, name)["users"]:
        iam.remove_user_from_group(GroupName=name, UserName=user)
    OF_GROUPS.write(place, name, {})
    iam.delete_group(GroupName=name)


def user(place: Place, actions: list[str] | None = None, resource: Any = "*") -> Iterator[Step]:
    """There is a user, with rights of its own where actions are given."""
    policies = {OWN: policy(allow(actions, resource))} if actions else {}
    yield Step("user", place.own_name, policies)


def user_in_group(place: Place, actions: list[str], resource: Any = "*") -> Iterator[Step]:
    """There is a user who has rights as a member of a group."""
    yield from user(place)
    policies = {OWN: policy(allow(actions, resource))}
    yield Step("group", place.own_name, {"policies": policies, "users": [place.own_name]})


SETTINGS = {
    "user": whole(read_user, make_user, remove_user),
    "group": whole(read_group, make_group, remove_group, policies=OF_GROUPS),
}
CHANGES = named(user, user_in_group)
