"""The trail: every region, management and data events, validated, on record."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.labs import Lab
from labproof.prove.ingestion import recorded


@pytest.mark.requirement("trail.multi-region")
def test_trail_covers_every_region(evidence: dict[str, Any], lab: Lab) -> None:
    """The trail exists and is multi-region."""
    assert evidence["trail"], f"There is no trail {lab.trail}."
    assert evidence["trail"]["multi_region"] is True


def selectors(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    return list(evidence["trail"]["selectors"].get("EventSelectors") or [])


@pytest.mark.requirement("trail.management-events")
def test_trail_records_management_events(evidence: dict[str, Any]) -> None:
    """Management events, reads and writes."""
    assert any(
        s["IncludeManagementEvents"] and s["ReadWriteType"] == "All" for s in selectors(evidence)
    )


@pytest.mark.requirement("trail.data-events")
def test_trail_records_the_buckets_objects(evidence: dict[str, Any], lab: Lab) -> None:
    """Data events of this bucket, reads and writes."""
    wanted = {f"arn:aws:s3:::{lab.source_bucket}/", "arn:aws:s3", "arn:aws:s3:::"}
    values = {
        value
        for s in selectors(evidence)
        if s["ReadWriteType"] == "All"
        for resource in s.get("DataResources", [])
        if resource["Type"] == "AWS::S3::Object"
        for value in resource["Values"]
    }
    assert values & wanted


@pytest.mark.requirement("trail.validated")
def test_trail_validates_its_files(evidence: dict[str, Any]) -> None:
    """Log-file validation is on."""
    assert evidence["trail"]["validated"] is True


@pytest.mark.requirement("trail.logging")
def test_trail_is_logging_to_a_bucket_of_its_own(evidence: dict[str, Any], lab: Lab) -> None:
    """The trail is logging, and not to the landing bucket."""
    assert evidence["trail"]["logging"] is True
    assert evidence["trail"]["bucket"] not in (None, lab.source_bucket)


@pytest.mark.requirement("trail.recorded")
def test_the_uploads_are_in_the_event_history(
    inventory_lab: InventoryLab, proof: dict[str, Any]
) -> None:
    """The probe's API calls appear in the event history."""
    lab, connection = inventory_lab.lab, inventory_lab.connection
    assert recorded(lab, connection, proof["started_ms"])
