"""What the function logs, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.readers import read_metrics

Transfers = dict[str, dict[str, Any]]


@pytest.mark.requirement("logs.group")
def test_the_log_group_exists(evidence: dict[str, Any]) -> None:
    """The function's log group exists."""
    assert evidence["log_group"]


@pytest.mark.requirement("logs.no-errors")
def test_the_logs_of_the_uploads_hold_no_error(transfers: Transfers) -> None:
    """No error, traceback or time-out in the logs of the fresh uploads."""
    assert [line for seen in transfers.values() for line in seen["errors"]] == []


@pytest.mark.requirement("logs.metrics")
def test_invocations_are_counted(
    inventory_lab: InventoryLab,
    transfers: Transfers,
    record_property: Callable[[str, object], None],
) -> None:
    """The metrics show the invocations and no errors; the sandbox's REPORT lines stand for them."""
    if inventory_lab.connection.endpoint_url:
        record_property("counted", "REPORT lines, for this endpoint publishes no metrics")
        assert all(seen["reported_ms"] for seen in transfers.values())
        return
    since = min(seen["signed_ms"] for seen in transfers.values())
    lab, connection = inventory_lab.lab, inventory_lab.connection
    metrics = read_metrics(connection, lab.function, since, wanted=len(transfers))
    assert metrics["Invocations"] >= len(transfers)
    assert metrics["Errors"] == 0
