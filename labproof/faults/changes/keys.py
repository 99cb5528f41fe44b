"""Faults of the encryption key, and spare keys that other faults use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.roles import policy
from labproof.faults.changes.step import Step
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import keys


def alias_of(place: Place) -> str:
    if not place.lab.key:
        raise FaultError(f"{place.lab.host} has no key: choose another fault.")
    return place.lab.key.alias


def spare_key(_: Place, alias: str, spec: str = "") -> Iterator[Step]:
    """There is another key, under an alias."""
    yield Step("spare_key", alias, {"KeySpec": spec, "KeyUsage": "ENCRYPT_DECRYPT"} if spec else {})


def alias_gone(place: Place) -> Iterator[Step]:
    yield Step("key_alias", alias_of(place), None)


def alias_moved(place: Place, to: str) -> Iterator[Step]:
    """The lab's alias stands for another key."""
    yield Step("key_alias", alias_of(place), keys.read_alias(place, to))


def key_state(place: Place, state: str) -> Iterator[Step]:
    """The key is disabled, or about to be deleted."""
    alias_of(place)
    yield Step("key_state", place.key_arn, state)


def rotation_off(place: Place) -> Iterator[Step]:
    alias_of(place)
    yield Step("key_rotation", place.key_arn, False)


def key_policy(
    place: Place, add: list[Any] | None = None, only: list[Any] | None = None
) -> Iterator[Step]:
    """The key's policy has these statements too, or these only."""
    alias_of(place)
    before = keys.read_policy(place, place.key_arn)["Statement"]
    yield Step("key_policy", place.key_arn, policy(*(only or [*before, *(add or [])])))


CHANGES = {
    "spare-key": spare_key,
    "alias-gone": alias_gone,
    "alias-moved": alias_moved,
    "key-state": key_state,
    "rotation-off": rotation_off,
    "key-policy": key_policy,
}
