"""The private bucket that files are copied to."""

from __future__ import annotations

import pytest

from labproof.evidence.snapshot import Failure, Snapshot, expect, expect_none

from .privacy import BLOCK, ways_in


@pytest.mark.requirement(
    "destination-bucket.exists",
    hint="Create the private bucket $destination_bucket.",
    command="aws s3 mb s3://$destination_bucket",
    playbook="create-destination-bucket.yml",
)
def test_destination_bucket_exists(snapshot: Snapshot) -> None:
    """The private bucket exists under its exact name."""
    snapshot.part("destination_bucket")


@pytest.mark.requirement(
    "destination-bucket.private",
    weight=3,
    rests_on=["destination-bucket.exists"],
    hint="Switch on all four Block Public Access settings of $destination_bucket; remove what its "
    "policy and ACL give to others.",
    command=BLOCK.replace("${bucket}", "$destination_bucket"),
    playbook="create-destination-bucket.yml",
)
def test_destination_bucket_is_private(snapshot: Snapshot) -> None:
    """All four Block Public Access settings are on; no policy or ACL opens the bucket to others."""
    expect_none(ways_in(snapshot, "destination_bucket"), "nothing that opens the bucket")


@pytest.mark.requirement(
    "destination-bucket.anonymous-denied",
    rests_on=["destination-bucket.exists", "source-bucket.exists"],
    hint="Close $destination_bucket to strangers: no public policy, no public ACL.",
    command=BLOCK.replace("${bucket}", "$destination_bucket"),
    playbook="create-destination-bucket.yml",
)
def test_a_stranger_cannot_read_a_copy(snapshot: Snapshot) -> None:
    """A real request for a copy, or another object of the bucket, is refused to a stranger."""
    answer = snapshot.seen("anonymous")["destination"]
    if answer is None:
        raise Failure("an object to ask for", "none")
    status = answer["status"]
    expect(status == 403, "403 to a stranger who asks for an object", status)
