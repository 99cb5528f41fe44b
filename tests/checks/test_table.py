"""The table of audit items."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.preflight import wanted_key


@pytest.mark.requirement("table.exists")
def test_table_exists(evidence: dict[str, Any], lab: Lab) -> None:
    """The table exists under its exact name."""
    assert evidence["table"], f"There is no table {lab.table}."


@pytest.mark.requirement("table.key")
def test_table_has_its_key(evidence: dict[str, Any], lab: Lab) -> None:
    """The partition key is the lab's, of type String, and there is no sort key."""
    assert evidence["table"]["key"] == wanted_key(lab)


@pytest.mark.requirement("table.active")
def test_table_is_active(evidence: dict[str, Any]) -> None:
    """The table is ready to be used."""
    assert evidence["table"]["status"] == "ACTIVE"
