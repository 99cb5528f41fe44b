"""The bucket that files are uploaded to."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.labs import Lab
from labproof.policies import beyond_reading, public_reads

SETTINGS = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)


@pytest.mark.requirement("source-bucket.exists")
def test_source_bucket_exists(evidence: dict[str, Any], lab: Lab) -> None:
    """The bucket exists under its exact name."""
    assert evidence["source_bucket"], f"There is no bucket {lab.source_bucket}."


@pytest.mark.requirement("source-bucket.public-access")
def test_block_public_access_is_off(evidence: dict[str, Any]) -> None:
    """All four Block Public Access settings are off; none at all is off, too."""
    settings = evidence["source_bucket"]["public_access_block"] or {}
    assert [name for name in SETTINGS if settings.get(name)] == []


@pytest.mark.requirement("source-bucket.policy")
def test_policy_lets_anyone_read_and_nothing_more(evidence: dict[str, Any]) -> None:
    """Anyone may read every object; nobody but the account may write, delete or list."""
    bucket, account = evidence["source_bucket"], evidence["identity"]["account"]
    assert public_reads(bucket["policy"], f"arn:aws:s3:::{bucket['name']}/*")
    assert beyond_reading(bucket["policy"], account) == []


@pytest.mark.requirement("source-bucket.anonymous-read")
def test_anyone_can_read_an_object(inventory_lab: InventoryLab) -> None:
    """A real request without credentials gets an object."""
    bucket, connection = inventory_lab.lab.source_bucket, inventory_lab.connection
    s3 = connection.client("s3")
    s3.put_object(Bucket=bucket, Key="probe/stranger.txt", Body=b"hello")
    try:
        url = connection.anonymous_url(bucket, "probe/stranger.txt")
        with urllib.request.urlopen(url, context=connection.tls()) as answer:
            assert answer.read() == b"hello"
    finally:
        s3.delete_object(Bucket=bucket, Key="probe/stranger.txt")
