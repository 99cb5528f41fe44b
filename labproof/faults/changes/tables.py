"""Faults of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.step import Step, mistyped
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import tables

ROLES = ("HASH", "RANGE")
GUESSED = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 1000}


def name_of(place: Place) -> str:
    if not place.lab.table:
        raise FaultError(f"{place.lab.host} has no table: choose another fault.")
    return place.lab.table.name


def table_gone(place: Place) -> Iterator[Step]:
    yield Step("table", name_of(place), None)


def table_misnamed(place: Place) -> Iterator[Step]:
    """The table, with its items, has another name."""
    name = name_of(place)
    yield Step("table", mistyped(name), tables.read_table(place, name))
    yield Step("table", name, None)


def table_made_again(place: Place) -> Iterator[Step]:
    """The table was made again, empty, with capacity that somebody guessed and no recovery."""
    before = tables.read_table(place, name_of(place))
    guessed = {"ProvisionedThroughput": GUESSED}
    plain = {
        "BillingMode": "PROVISIONED",
        **guessed,
        "GlobalSecondaryIndexes": [one | guessed for one in before["GlobalSecondaryIndexes"]],
        "recovery": False,
        "items": [],
    }
    yield Step("table", name_of(place), before | plain)


def table_key(place: Place, key: dict[str, str]) -> Iterator[Step]:
    """The table was made with another key, ``{name: type}``: the partition key, then the sort key.

    Its items do not fit that key, so it is empty.
    """
    before = tables.read_table(place, name_of(place))
    other = keyed(key) | {"GlobalSecondaryIndexes": [], "items": []}
    yield Step("table", name_of(place), before | other)


def provisioned(place: Place) -> Iterator[Step]:
    """The table is billed by capacity that somebody guessed."""
    yield Step("table_billing", name_of(place), {"BillingMode": "PROVISIONED", **capacity(place)})


def capacity(place: Place) -> dict[str, Any]:
    """Return guessed capacity for the table and its indexes, as UpdateTable takes it."""
    names = [one["IndexName"] for one in tables.read_indexes(place, name_of(place))]
    given = {"ProvisionedThroughput": GUESSED}
    updates = [{"Update": {"IndexName": name, **given}} for name in names]
    return given | ({"GlobalSecondaryIndexUpdates": updates} if updates else {})


def recovery_off(place: Place) -> Iterator[Step]:
    yield Step("table_recovery", name_of(place), False)


def table_encryption(place: Place, key: str) -> Iterator[Step]:
    """The table is encrypted with this key, given by its ARN or alias."""
    answer = place.aws("kms").describe_key(KeyId=key) if key.startswith("alias/") else None
    arn = answer["KeyMetadata"]["Arn"] if answer else key
    yield Step("table_encryption", name_of(place), arn)


def key_of_table(place: Place, state: str) -> Iterator[Step]:
    """The key that encrypts the table is disabled, or about to be deleted."""
    yield Step("key_state", tables.read_encryption(place, name_of(place)), state)


def index_gone(place: Place) -> Iterator[Step]:
    yield Step("table_index", index_of(place), None)


def index(
    place: Place, key: dict[str, str] | None = None, projection: str = "ALL"
) -> Iterator[Step]:
    """The index has another key, ``{name: type}``, or holds other attributes."""
    found = tables.read_index(place, index_of(place))
    other = {"Projection": {"ProjectionType": projection}} | (keyed(key) if key else {})
    yield Step("table_index", index_of(place), found | other)


def index_of(place: Place) -> str:
    if not place.lab.table.index:
        raise FaultError(f"{place.lab.host} has no index: choose another fault.")
    return f"{name_of(place)}/{place.lab.table.index}"


def keyed(key: dict[str, str]) -> dict[str, Any]:
    """Return a key, ``{name: type}``, as CreateTable takes it: partition key, then sort key."""
    names = zip(key, ROLES, strict=False)
    return {
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in names],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in key.items()
        ],
    }


CHANGES = {
    "table-gone": table_gone,
    "table-misnamed": table_misnamed,
    "table-made-again": table_made_again,
    "table-key": table_key,
    "provisioned": provisioned,
    "recovery-off": recovery_off,
    "table-encryption": table_encryption,
    "key-of-table": key_of_table,
    "index": index,
    "index-gone": index_gone,
}
