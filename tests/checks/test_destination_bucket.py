"""The private bucket that files are copied to."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.labs import Lab

from .privacy import ways_in


@pytest.mark.requirement("destination-bucket.exists")
def test_destination_bucket_exists(evidence: dict[str, Any], lab: Lab) -> None:
    """The bucket exists under its exact name."""
    assert evidence["destination_bucket"], f"There is no bucket {lab.destination_bucket}."


@pytest.mark.requirement("destination-bucket.private")
def test_destination_bucket_is_private(evidence: dict[str, Any]) -> None:
    """All four Block Public Access settings are on; no policy or ACL opens it to others."""
    assert ways_in(evidence["destination_bucket"], evidence["identity"]["account"]) == []


@pytest.mark.requirement("destination-bucket.anonymous-denied")
def test_a_stranger_cannot_read_a_copy(inventory_lab: InventoryLab) -> None:
    """A real request without credentials is refused, for an object that is there."""
    bucket, connection = inventory_lab.lab.destination_bucket, inventory_lab.connection
    assert bucket
    s3 = connection.client("s3")
    s3.put_object(Bucket=bucket, Key="probe/stranger.txt", Body=b"hello")
    try:
        url = connection.anonymous_url(bucket, "probe/stranger.txt")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, context=connection.tls())
        assert refused.value.code == 403
    finally:
        s3.delete_object(Bucket=bucket, Key="probe/stranger.txt")
