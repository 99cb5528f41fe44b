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


@pytest.mark.requirement("table.on-demand")
def test_table_is_billed_on_demand(evidence: dict[str, Any]) -> None:
    """Billing mode PAY_PER_REQUEST."""
    assert evidence["table"]["billing"] == "PAY_PER_REQUEST"


@pytest.mark.requirement("table.encrypted")
def test_table_is_encrypted_at_rest(evidence: dict[str, Any]) -> None:
    """DynamoDB's own encryption counts; a KMS key must be usable and of this account."""
    encryption = evidence["table"]["encryption"] or {}
    assert encryption.get("Status", "ENABLED") == "ENABLED"
    key = encryption.get("KMSMasterKeyArn")
    assert key is None or f":{evidence['identity']['account']}:" in key


@pytest.mark.requirement("table.recoverable")
def test_table_can_be_recovered_to_a_point_in_time(evidence: dict[str, Any]) -> None:
    """Point-in-time recovery is on."""
    recovery = evidence["table"]["recovery"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
