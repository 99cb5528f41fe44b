"""Settings of one table, by its name, and tables as a whole."""

from __future__ import annotations

import json
from typing import Any

from labproof.evidence.uploads.reading import moments
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings.reading import found

MOST_ITEMS = 20_000
BATCH = 25
KEPT_OF_INDEX = ("IndexName", "KeySchema", "Projection")
INDEX_S = 600.0  # how long DynamoDB may take to fill an index, or to remove it
CAPACITY = ("ReadCapacityUnits", "WriteCapacityUnits")


def read_billing(place: Place, table: str) -> Any:
    found = _described(place, table)
    mode = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return _billing(mode, found)


def write_billing(place: Place, table: str, billing: Any) -> None:
    place.aws("dynamodb").update_table(TableName=table, **billing)
    _wait(place, table)


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
    found = _described(place, table).get("SSEDescription") or {}
    return found.get("KMSMasterKeyArn") if found.get("Status") != "DISABLED" else None


def write_encryption(place: Place, table: str, key: Any) -> None:
    own = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else {"Enabled": False}
    place.aws("dynamodb").update_table(TableName=table, SSESpecification=own)
    _wait(place, table)


def read_table(place: Place, table: str) -> Any:
    """Return a table with its items, as it can be made again. Raises FaultError for a large one."""
    answer = found(lambda: _described(place, table))
    if answer is None:
        return None
    mode = answer.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    listed = place.aws("dynamodb").list_tags_of_resource(ResourceArn=answer["TableArn"])
    encryption = read_encryption(place, table)
    return {
        "KeySchema": answer["KeySchema"],
        "AttributeDefinitions": answer["AttributeDefinitions"],
        **_billing(mode, answer),
        "GlobalSecondaryIndexes": [
            {name: index[name] for name in KEPT_OF_INDEX}
            | ({"ProvisionedThroughput": _capacity(index)} if mode == "PROVISIONED" else {})
            for index in answer.get("GlobalSecondaryIndexes", [])
        ],
        "DeletionProtectionEnabled": answer.get("DeletionProtectionEnabled", False),
        "Tags": listed["Tags"],
        "encryption": encryption,
        "recovery": read_recovery(place, table),
        "items": _items(place, table),
    }


def write_table(place: Place, table: str, wanted: Any) -> None:
    """Make the table anew; None leaves none."""
    _remove(place, table)
    if wanted is None:
        return
    dynamodb = place.aws("dynamodb")
    given = {name: value for name, value in wanted.items() if name[0].isupper() and value}
    dynamodb.create_table(TableName=table, **given)
    _wait(place, table)
    if wanted.get("encryption"):
        write_encryption(place, table, wanted["encryption"])
    if wanted.get("recovery"):
        write_recovery(place, table, True)
    _put(place, table, wanted.get("items", []))


def read_indexes(place: Place, table: str) -> list[dict[str, Any]]:
    """Return a table's global secondary indexes as DescribeTable gives them."""
    indexes: list[dict[str, Any]] = _described(place, table).get("GlobalSecondaryIndexes", [])
    return indexes


def read_index(place: Place, path: str) -> Any:
    """Return an index, given as TABLE/INDEX, with the types of its key; None where there is none.

    Raises FaultError for one with capacity of its own.
    """
    table, _, name = path.partition("/")
    known = _described(place, table)
    listed = known.get("GlobalSecondaryIndexes", [])
    one = next((one for one in listed if one["IndexName"] == name), None)
    if one is None:
        return None
    if any(_capacity(one).values()):
        raise FaultError(f"{path} has capacity of its own, which could not be given back.")
    attributes = {part["AttributeName"] for part in one["KeySchema"]}
    types = [a for a in known["AttributeDefinitions"] if a["AttributeName"] in attributes]
    return {**{part: one[part] for part in KEPT_OF_INDEX}, "AttributeDefinitions": types}


def write_index(place: Place, path: str, wanted: Any) -> None:
    """Make the index anew; None leaves none."""
    table, _, name = path.partition("/")
    if any(one["IndexName"] == name for one in read_indexes(place, table)):
        _update_index(place, path, {"Delete": {"IndexName": name}}, there=False)
    if wanted is not None:
        index = {part: wanted[part] for part in KEPT_OF_INDEX}
        types = {"AttributeDefinitions": wanted["AttributeDefinitions"]}
        _update_index(place, path, {"Create": index}, there=True, **types)


def _update_index(
    place: Place, path: str, update: dict[str, Any], there: bool, **types: Any
) -> None:
    """Change an index and wait until it is there, and filled, or gone."""
    table, _, name = path.partition("/")
    place.aws("dynamodb").update_table(
        TableName=table, GlobalSecondaryIndexUpdates=[update], **types
    )
    for _ in moments(INDEX_S):
        statuses = {o["IndexName"]: o.get("IndexStatus") for o in read_indexes(place, table)}
        if (name in statuses) == there and statuses.get(name) in (None, "ACTIVE"):
            _wait(place, table)
            return
    raise FaultError(f"The index {path} could not be changed within {INDEX_S:.0f} s.")


def _described(place: Place, table: str) -> dict[str, Any]:
    found: dict[str, Any] = place.aws("dynamodb").describe_table(TableName=table)["Table"]
    return found


def _billing(mode: str, found: dict[str, Any]) -> dict[str, Any]:
    if mode == "PAY_PER_REQUEST":
        return {"BillingMode": mode}
    return {"BillingMode": mode, "ProvisionedThroughput": _capacity(found)}


def _capacity(found: dict[str, Any]) -> dict[str, int]:
    return {name: found["ProvisionedThroughput"][name] for name in CAPACITY}


def _items(place: Place, table: str) -> list[Any]:
    pages = (
        place.aws("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=table, ConsistentRead=True, PaginationConfig={"MaxItems": MOST_ITEMS + 1}
        )
    )
    items = [item for page in pages for item in page["Items"]]
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


def _put(place: Place, table: str, items: list[Any]) -> None:
    for at in range(0, len(items), BATCH):
        waiting = {table: [{"PutRequest": {"Item": item}} for item in items[at : at + BATCH]]}
        while waiting:
            answer = place.aws("dynamodb").batch_write_item(RequestItems=waiting)
            waiting = answer.get("UnprocessedItems", {})


def _remove(place: Place, table: str) -> None:
    dynamodb = place.aws("dynamodb")
    if found(lambda: dynamodb.describe_table(TableName=table)) is None:
        return
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    _wait(place, table)
    dynamodb.delete_table(TableName=table)
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})


def _wait(place: Place, table: str) -> None:
    waiter = place.aws("dynamodb").get_waiter("table_exists")
    waiter.wait(TableName=table, WaiterConfig={"Delay": 1})


SETTINGS = {
    "table_billing": (read_billing, write_billing),
    "table_recovery": (read_recovery, write_recovery),
    "table_encryption": (read_encryption, write_encryption),
    "table_index": (read_index, write_index),
    "table": (read_table, write_table),
}
