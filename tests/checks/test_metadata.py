"""One item of metadata for each fresh object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.prove.metadata import KEYS, MULTIPART, item_problems
from labproof.readers import read_write_metrics


@pytest.mark.requirement("metadata.item")
@pytest.mark.parametrize("label", list(KEYS))
def test_each_item_says_what_s3_says(proof: dict[str, Any], label: str) -> None:
    """All six attributes, each equal to what S3 says of the object, hard keys among them."""
    assert item_problems(proof["uploads"][label]) == []


@pytest.mark.requirement("metadata.multipart")
def test_an_object_uploaded_in_parts_has_its_item(proof: dict[str, Any]) -> None:
    """A multipart upload leaves its item too."""
    assert item_problems(proof["uploads"][MULTIPART]) == []


@pytest.mark.requirement("metadata.table-metrics")
def test_the_tables_writes_are_counted(
    inventory_lab: InventoryLab,
    proof: dict[str, Any],
    record_property: Callable[[str, object], None],
) -> None:
    """The write metrics rise with the uploads; in the sandbox, the items found stand for them."""
    items = sum(seen["item"] is not None for seen in proof["uploads"].values())
    if inventory_lab.connection.endpoint_url:
        record_property("counted", "items, for this endpoint publishes no metrics")
        assert items == len(proof["uploads"])
        return
    table, connection = inventory_lab.lab.table, inventory_lab.connection
    assert read_write_metrics(connection, str(table), proof["started_ms"], items) >= items
