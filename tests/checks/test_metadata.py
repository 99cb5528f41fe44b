"""One item of metadata for each fresh object."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.analysis.items import metadata_item_problems
from labproof.evidence.snapshot import Snapshot, expect
from labproof.labs.flows import FLOWS

from .followed import FUNCTION, LOG, STORED, expect_each, upload, why

FLOW = FLOWS["metadata"]
WHOLE = [label for label in FLOW.uploads if label != FLOW.in_parts]


def item_problem(snapshot: Snapshot, found: Any) -> str:
    """Say how the item of an upload differs from what S3 says of it; empty if it does not."""
    if not found["items"]:
        return f"no item{why(snapshot, found)}"
    return "; ".join(metadata_item_problems(found, snapshot.lab.source.bucket))


@pytest.mark.requirement(
    "metadata.item",
    weight=6,
    rests_on=STORED,
    hint="Write ObjectKey (decoded), BucketName, FileSize (Number), ETag (without quotes), "
    "UploadTime and ProcessedAt (ISO 8601, UTC) for each new object.",
    command="aws dynamodb scan --table-name $table --max-items 5",
    playbook=FUNCTION,
)
def test_each_item_says_what_s3_says(snapshot: Snapshot) -> None:
    """Each object's item has all six attributes, each equal to what S3 says, for hard keys too."""
    expected = f"an item in {snapshot.lab.table.name} that says what S3 says"
    expect_each(snapshot, WHOLE, item_problem, expected)


@pytest.mark.requirement(
    "metadata.multipart",
    weight=3,
    rests_on=["metadata.item", "trigger.configured"],
    hint="Let the trigger be s3:ObjectCreated:*, for an upload in parts is no Put.",
    command="aws s3api get-bucket-notification-configuration --bucket $source_bucket",
    playbook="create-trigger.yml",
)
def test_an_object_uploaded_in_parts_has_its_item(snapshot: Snapshot) -> None:
    """An object uploaded in parts has its item too."""
    expected = f"an item in {snapshot.lab.table.name} that says what S3 says"
    expect_each(snapshot, [FLOW.in_parts], item_problem, expected)


@pytest.mark.requirement(
    "metadata.table-metrics",
    rests_on=STORED,
    hint="Write to the table $table once for each upload.",
    command=LOG,
    playbook=FUNCTION,
)
def test_the_tables_writes_are_counted(snapshot: Snapshot) -> None:
    """The table's writes rise with the uploads: by metrics, or where there are none, by items."""
    uploads = [upload(snapshot, label) for label in snapshot.seen("uploads")]
    counted = snapshot.seen("table_metrics")
    found = f"{counted['writes']} ({counted['source']})"
    expect(counted["writes"] >= len(uploads), f"{len(uploads)} writes", found)
