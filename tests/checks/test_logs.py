"""What the function logs, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.readers import read_metrics


@pytest.mark.requirement("logs.group")
def test_the_log_group_exists(evidence: dict[str, Any]) -> None:
    """The function's log group exists."""
    assert evidence["log_group"]


@pytest.mark.requirement("logs.no-errors")
def test_the_logs_of_good_uploads_hold_no_error(invocations: dict[str, Any]) -> None:
    """No error, traceback or time-out in the logs of fresh, good uploads."""
    assert invocations["errors"] == []


@pytest.mark.requirement("logs.metrics")
def test_invocations_are_counted(
    inventory_lab: InventoryLab,
    invocations: dict[str, Any],
    record_property: Callable[[str, object], None],
) -> None:
    """The metrics show the invocations and no errors; the sandbox's REPORT lines stand for them."""
    uploads = invocations["uploads"]
    if inventory_lab.connection.endpoint_url:
        record_property("counted", "REPORT lines, for this endpoint publishes no metrics")
        assert invocations["reports"] >= uploads
        return
    lab, connection = inventory_lab.lab, inventory_lab.connection
    metrics = read_metrics(connection, lab.function, invocations["since_ms"], wanted=uploads)
    assert metrics["Invocations"] >= uploads
    assert metrics["Errors"] == 0
