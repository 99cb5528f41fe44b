"""Faults of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.step import Step
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import tables

ROLES = ("HASH", "RANGE")


def name_of(place: Place) -> str:
    if place.lab.table is None:
        raise FaultError(f"{place.lab.host} has no table: choose another fault.")
    return place.lab.table


def table_gone(place: Place) -> Iterator[Step]:
    yield Step("table", name_of(place), None)


def table_key(place: Place, key: dict[str, str]) -> Iterator[Step]:
    """The table was made with another key, ``{name: type}``: the partition key, then the sort key.

    Its items do not fit that key, so it is empty.
    """
    before = tables.read_table(place, name_of(place))
    names = zip(key, ROLES, strict=False)
    other: dict[str, Any] = {
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in names],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in key.items()
        ],
        "GlobalSecondaryIndexes": [],
        "items": [],
    }
    yield Step("table", name_of(place), before | other)


def provisioned(place: Place) -> Iterator[Step]:
    """The table is billed by capacity that somebody guessed."""
    throughput = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 1000}
    billing = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": throughput}
    yield Step("table_billing", name_of(place), billing)


def recovery_off(place: Place) -> Iterator[Step]:
    yield Step("table_recovery", name_of(place), False)


def table_encryption(place: Place, key: str) -> Iterator[Step]:
    """The table is encrypted with this key, given by its ARN or alias."""
    answer = place.aws("kms").describe_key(KeyId=key) if key.startswith("alias/") else None
    arn = answer["KeyMetadata"]["Arn"] if answer else key
    yield Step("table_encryption", name_of(place), arn)


def key_of_table_disabled(place: Place) -> Iterator[Step]:
    """The key that encrypts the table is disabled."""
    yield Step("key_enabled", tables.read_encryption(place, name_of(place)), False)


CHANGES = {
    "table-gone": table_gone,
    "table-key": table_key,
    "provisioned": provisioned,
    "recovery-off": recovery_off,
    "table-encryption": table_encryption,
    "key-of-table-disabled": key_of_table_disabled,
}
