"""The trail: every region, management and data events, validated, on record."""

from __future__ import annotations

import pytest

from labproof.analysis.selectors import BOTH, management_events, object_events
from labproof.evidence.snapshot import Snapshot, expect

SELECT = (
    "aws cloudtrail put-event-selectors --trail-name $trail --event-selectors "
    """'[{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": """
    """[{"Type": "AWS::S3::Object", "Values": ["arn:$partition:s3:::$source_bucket/"]}]}]'"""
)


@pytest.mark.requirement(
    "trail.multi-region",
    hint="Create the trail $trail for all regions, or widen it.",
    command="aws cloudtrail update-trail --name $trail --is-multi-region-trail",
    playbook="create-trail.yml",
)
def test_trail_covers_every_region(snapshot: Snapshot) -> None:
    """The trail exists and covers every region."""
    found = snapshot.part("trail")["multi_region"]
    expect(found is True, "a multi-region trail", "one for a single region")


@pytest.mark.requirement(
    "trail.management-events",
    rests_on=["trail.multi-region"],
    hint="Let the trail $trail record management events, reads and writes.",
    command=SELECT,
    playbook="create-trail.yml",
)
def test_trail_records_management_events(snapshot: Snapshot) -> None:
    """Management events are recorded, reads and writes."""
    trail = snapshot.part("trail")
    found = management_events(trail["selectors"], trail["advanced_selectors"])
    expect(found >= BOTH, "management events, reads and writes", listed(found))


@pytest.mark.requirement(
    "trail.data-events",
    weight=3,
    rests_on=["trail.multi-region"],
    hint="Let the trail $trail record who reads and writes the objects of $source_bucket.",
    command=SELECT,
    playbook="create-trail.yml",
)
def test_trail_records_the_buckets_objects(snapshot: Snapshot) -> None:
    """Data events of the landing bucket's objects are recorded, reads and writes."""
    trail, bucket = snapshot.part("trail"), snapshot.arn("source")
    found = object_events(trail["selectors"], trail["advanced_selectors"], bucket)
    wanted = f"data events of {snapshot.lab.source.bucket}, reads and writes"
    expect(found >= BOTH, wanted, listed(found))


def listed(found: set[str]) -> str:
    return " and ".join(sorted(found)) or "none"


@pytest.mark.requirement(
    "trail.validated",
    rests_on=["trail.multi-region"],
    hint="Switch on log-file validation for the trail $trail.",
    command="aws cloudtrail update-trail --name $trail --enable-log-file-validation",
    playbook="create-trail.yml",
)
def test_trail_validates_its_files(snapshot: Snapshot) -> None:
    """Log-file validation is on."""
    expect(snapshot.part("trail")["validated"] is True, "log-file validation on", "off")


@pytest.mark.requirement(
    "trail.logging",
    rests_on=["trail.multi-region"],
    hint="Give the trail $trail a bucket of its own, $trail_bucket, and start it.",
    command="aws cloudtrail start-logging --name $trail",
    playbook="create-trail.yml",
)
def test_trail_is_logging_to_a_bucket_of_its_own(snapshot: Snapshot) -> None:
    """The trail is logging, to a bucket that is not the landing bucket."""
    trail = snapshot.part("trail")
    expect(trail["logging"] is True, "a trail that is logging", "one that is stopped")
    own = trail["bucket"] not in (None, snapshot.lab.source.bucket)
    expect(own, "a bucket of the trail's own", trail["bucket"])
    expect(trail["bucket_exists"], f"the bucket {trail['bucket']}", "none")
    failed = trail["delivery_error"]
    expect(not failed, f"log files in {trail['bucket']}", f"{failed} at the latest delivery")


@pytest.mark.requirement(
    "trail.recorded",
    rests_on=[
        *("source-bucket.exists", "trail.multi-region", "trail.logging"),
        "trail.management-events",
    ],
    hint="Look into the event history of $region for calls on $source_bucket.",
    command="aws cloudtrail lookup-events --lookup-attributes "
    "AttributeKey=ResourceName,AttributeValue=$source_bucket",
)
def test_the_calls_are_in_the_event_history(snapshot: Snapshot) -> None:
    """The probe's API calls appear in the event history, while the trail is logging."""
    expect(snapshot.part("trail")["logging"] is True, "a trail that is logging", "one that is not")
    names = list(snapshot.seen("recorded"))
    expect(bool(names), f"calls on {snapshot.lab.source.bucket} in the event history", "none")
