"""The table: its billing, recovery, encryption and index, and tables as a whole, by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from labproof.evidence.uploads.clock import moments
from labproof.faults.errors import FaultError
from labproof.faults.parts.key import read_alias
from labproof.faults.place import Place
from labproof.faults.setting import Setting, Step, mistyped, named, sets, whole

MOST_ITEMS = 20_000
BATCH = 25
INDEX_S = 600.0  # how long DynamoDB may take to fill an index, or to remove it
ROLES = ("HASH", "RANGE")
KEPT = ("KeySchema", "AttributeDefinitions")
KEPT_OF_INDEX = ("IndexName", "KeySchema", "Projection")
CAPACITY = ("ReadCapacityUnits", "WriteCapacityUnits")
GUESSED = {"ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 1000}}
PROVISIONED = "PROVISIONED"


def described(place: Place, table: str) -> dict[str, Any]:
    answer: dict[str, Any] = place.aws("dynamodb").describe_table(TableName=table)["Table"]
    return answer


def update(place: Place, table: str, **request: Any) -> None:
    """Update the table and wait until it is done."""
    place.aws("dynamodb").update_table(TableName=table, **request)
    wait_until(place, "table_exists", table)


def wait_until(place: Place, state: str, table: str) -> None:
    waiter = place.aws("dynamodb").get_waiter(state)
    waiter.wait(TableName=table, WaiterConfig={"Delay": 1})


def read_billing(place: Place, table: str) -> Any:
    return billing(described(place, table))


def billing(found: dict[str, Any]) -> dict[str, Any]:
    return {"BillingMode": mode_of(found), **capacity(found, found)}


def mode_of(found: dict[str, Any]) -> str:
    return str(found.get("BillingModeSummary", {}).get("BillingMode", PROVISIONED))


def capacity(found: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return the capacity that a table, or an index of it, was given; none is on demand."""
    if mode_of(found) != PROVISIONED:
        return {}
    return {"ProvisionedThroughput": {n: part["ProvisionedThroughput"][n] for n in CAPACITY}}


def indexes_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the global secondary indexes of a described table as they are made."""
    return [
        {**{name: one[name] for name in KEPT_OF_INDEX}, **capacity(found, one)}
        for one in found.get("GlobalSecondaryIndexes", [])
    ]


def write_billing(place: Place, table: str, wanted: Any) -> None:
    update(place, table, **wanted)


def read_recovery(place: Place, table: str) -> Any:
    answer = place.aws("dynamodb").describe_continuous_backups(TableName=table)
    found = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return found.get("PointInTimeRecoveryStatus") == "ENABLED"


def write_recovery(place: Place, table: str, on: Any) -> None:
    place.aws("dynamodb").update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
    )


def read_encryption(place: Place, table: str) -> Any:
    """Return the key that encrypts a table, None for DynamoDB's own."""
    found = described(place, table).get("SSEDescription") or {}
    return found.get("KMSMasterKeyArn") if found.get("Status") != "DISABLED" else None


def write_encryption(place: Place, table: str, key: Any) -> None:
    own = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else {"Enabled": False}
    update(place, table, SSESpecification=own)


def read_items(place: Place, table: str) -> Any:
    """Return the items. Raises FaultError for more than can be kept, or for binary values."""
    most = {"MaxItems": MOST_ITEMS + 1}
    pages = place.aws("dynamodb").get_paginator("scan")
    found = pages.paginate(TableName=table, ConsistentRead=True, PaginationConfig=most)
    items = found.build_full_result()["Items"]
    if len(items) > MOST_ITEMS:
        raise FaultError(
            f"{table} holds more than {MOST_ITEMS:,} items, which cannot be kept for the way back: "
            "choose another fault."
        )
    try:
        json.dumps(items)
    except TypeError as binary:
        raise FaultError(f"{table} holds binary values, which cannot be kept.") from binary
    return items


def write_items(place: Place, table: str, items: Any) -> None:
    for at in range(0, len(items), BATCH):
        waiting = {table: [{"PutRequest": {"Item": item}} for item in items[at : at + BATCH]]}
        while waiting:
            answer = place.aws("dynamodb").batch_write_item(RequestItems=waiting)
            waiting = answer.get("UnprocessedItems", {})


def read_table(place: Place, table: str) -> Any:
    """Return what the table is made with."""
    found = described(place, table)
    listed = place.aws("dynamodb").list_tags_of_resource(ResourceArn=found["TableArn"])
    return {
        **{name: found[name] for name in KEPT},
        **billing(found),
        "GlobalSecondaryIndexes": indexes_of(found),
        "DeletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
        "Tags": listed["Tags"],
    }


def make_table(place: Place, table: str, wanted: Any) -> None:
    given = {name: value for name, value in wanted.items() if name[0].isupper() and value}
    place.aws("dynamodb").create_table(TableName=table, **given)
    wait_until(place, "table_exists", table)


def remove_table(place: Place, table: str) -> None:
    update(place, table, DeletionProtectionEnabled=False)
    place.aws("dynamodb").delete_table(TableName=table)
    wait_until(place, "table_not_exists", table)


def read_index(place: Place, path: str) -> Any:
    """Return the index at TABLE/INDEX with the types of its key; None where there is none."""
    table, _, name = path.partition("/")
    found = described(place, table)
    one = next((one for one in indexes_of(found) if one["IndexName"] == name), None)
    if one is None:
        return None
    attributes = {part["AttributeName"] for part in one["KeySchema"]}
    types = [a for a in found["AttributeDefinitions"] if a["AttributeName"] in attributes]
    return {**one, "AttributeDefinitions": types}


def write_index(place: Place, path: str, wanted: Any) -> None:
    """Make the index anew; None leaves none."""
    if read_index(place, path):
        delete = {"Delete": {"IndexName": path.partition("/")[2]}}
        update_index(place, path, delete, there=False)
    if wanted is not None:
        index = {name: value for name, value in wanted.items() if name != "AttributeDefinitions"}
        types = wanted["AttributeDefinitions"]
        update_index(place, path, {"Create": index}, there=True, AttributeDefinitions=types)


def update_index(
    place: Place, path: str, change: dict[str, Any], there: bool, **types: Any
) -> None:
    """Change an index and wait until it is there, and filled, or gone."""
    table, _, name = path.partition("/")
    update(place, table, GlobalSecondaryIndexUpdates=[change], **types)
    for _ in moments(INDEX_S):
        indexes = described(place, table).get("GlobalSecondaryIndexes", [])
        statuses = {one["IndexName"]: one.get("IndexStatus") for one in indexes}
        if (name in statuses) == there and statuses.get(name) in (None, "ACTIVE"):
            wait_until(place, "table_exists", table)
            return
    raise FaultError(f"The index {path} could not be changed within {INDEX_S:.0f} s.")


def name_of(place: Place) -> str:
    return place.needed("table", place.lab.table.name)


def index_of(place: Place) -> str:
    return f"{name_of(place)}/{place.needed('index', place.lab.table.index)}"


def table_misnamed(place: Place) -> Iterator[Step]:
    """The table, with its items, has another name."""
    name = name_of(place)
    yield Step("table", mistyped(name), TABLE.read(place, name))
    yield Step("table", name, None)


def table_made_again(place: Place) -> Iterator[Step]:
    """The table was made again, empty, with capacity that somebody guessed and no recovery."""
    before = TABLE.read(place, name_of(place))
    indexes = [one | GUESSED for one in before["GlobalSecondaryIndexes"]]
    plain = {"BillingMode": PROVISIONED, **GUESSED, "GlobalSecondaryIndexes": indexes}
    yield Step("table", name_of(place), before | plain | {"recovery": False, "items": []})


def table_key(place: Place, key: dict[str, str]) -> Iterator[Step]:
    """The table was made with another key, ``{name: type}``: the partition key, then the sort key.

    Its items do not fit that key, so it is empty.
    """
    before = TABLE.read(place, name_of(place))
    other = keyed(key) | {"GlobalSecondaryIndexes": [], "items": []}
    yield Step("table", name_of(place), before | other)


def keyed(key: dict[str, str]) -> dict[str, Any]:
    """Return a key, ``{name: type}``, as CreateTable takes it: partition key, then sort key."""
    names = zip(key, ROLES, strict=False)
    return {
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in names],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in key.items()
        ],
    }


def provisioned(place: Place) -> Iterator[Step]:
    """The table is billed by capacity that somebody guessed, and so are its indexes."""
    indexes = indexes_of(described(place, name_of(place)))
    updates = [{"Update": {"IndexName": one["IndexName"], **GUESSED}} for one in indexes]
    more = {"GlobalSecondaryIndexUpdates": updates} if updates else {}
    yield Step("table_billing", name_of(place), {"BillingMode": PROVISIONED, **GUESSED, **more})


def table_encryption(place: Place, key: str) -> Iterator[Step]:
    """The table is encrypted with this key, given by its ARN or alias."""
    arn = read_alias(place, key) if key.startswith("alias/") else key
    yield Step("table_encryption", name_of(place), arn)


def key_of_table(place: Place, state: str) -> Iterator[Step]:
    """The key that encrypts the table is disabled, or about to be deleted."""
    yield Step("key_state", read_encryption(place, name_of(place)), state)


def index(
    place: Place, key: dict[str, str] | None = None, projection: str = "ALL"
) -> Iterator[Step]:
    """The index has another key, ``{name: type}``, or holds other attributes."""
    found = read_index(place, index_of(place))
    other = {"Projection": {"ProjectionType": projection}} | (keyed(key) if key else {})
    yield Step("table_index", index_of(place), found | other)


RECOVERY = Setting(read_recovery, write_recovery)
ENCRYPTION = Setting(read_encryption, write_encryption)
ITEMS = Setting(read_items, write_items)
TABLE = whole(
    read_table,
    make_table,
    remove_table,
    encryption=ENCRYPTION,
    recovery=RECOVERY,
    items=ITEMS,
)
SETTINGS = {
    "table_billing": Setting(read_billing, write_billing),
    "table_recovery": RECOVERY,
    "table_encryption": ENCRYPTION,
    "table_index": Setting(read_index, write_index),
    "table": TABLE,
}
CHANGES = {
    **named(table_misnamed, table_made_again, table_key, provisioned),
    **named(table_encryption, key_of_table, index),
    "table-gone": sets("table", name_of, None),
    "recovery-off": sets("table_recovery", name_of, False),
    "index-gone": sets("table_index", index_of, None),
}
