"""Faults by which a user takes part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.roles import OWN, policy
from labproof.faults.changes.step import Step
from labproof.faults.place import Place


def user(place: Place, actions: list[str] | None = None, resource: Any = "*") -> Iterator[Step]:
    """There is a user, with rights of its own where actions are given."""
    allowed = {"Effect": "Allow", "Action": actions, "Resource": resource}
    yield Step("user", name_of(place), {OWN: policy(allowed)} if actions else {})


def user_in_group(place: Place, actions: list[str], resource: Any = "*") -> Iterator[Step]:
    """There is a user who has rights as a member of a group."""
    yield from user(place)
    allowed = {"Effect": "Allow", "Action": actions, "Resource": resource}
    wanted = {"policies": {OWN: policy(allowed)}, "users": [name_of(place)]}
    yield Step("group", name_of(place), wanted)


def name_of(place: Place) -> str:
    return f"{OWN}-{place.lab.host}"[:64]


CHANGES = {"user": user, "user-in-group": user_in_group}
