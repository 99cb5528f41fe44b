"""The bucket that files are uploaded to."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.labs import Lab
from labproof.policies import as_list, beyond_reading, principals, public_reads, statements
from labproof.prove.ingestion import over_http

from .privacy import SETTINGS, ways_in

PLAIN_HTTP = [{"Bool": {"aws:SecureTransport": value}} for value in ("false", False, ["false"])]


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


@pytest.mark.requirement("source-bucket.private")
def test_source_bucket_is_private(evidence: dict[str, Any]) -> None:
    """All four Block Public Access settings are on; no policy or ACL opens it to others."""
    assert ways_in(evidence["source_bucket"], evidence["identity"]["account"]) == []


@pytest.mark.requirement("source-bucket.versioned")
def test_source_bucket_keeps_versions(evidence: dict[str, Any]) -> None:
    """Versioning is enabled, not merely suspended."""
    assert evidence["source_bucket"]["versioning"] == "Enabled"


@pytest.mark.requirement("source-bucket.encrypted")
def test_source_bucket_encrypts_with_the_key(
    evidence: dict[str, Any], inventory_lab: InventoryLab
) -> None:
    """The default encryption is SSE-KMS with the lab's key."""
    rules = evidence["source_bucket"]["encryption"]["Rules"]
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    arn = evidence["key"]["arn"]
    names = {arn, arn.rpartition("/")[2], inventory_lab.lab.key_alias}
    names |= {arn.rpartition(":")[0] + f":{inventory_lab.lab.key_alias}"}
    assert default["SSEAlgorithm"] == "aws:kms"
    assert default["KMSMasterKeyID"] in names


@pytest.mark.requirement("source-bucket.https-only")
def test_policy_denies_plain_http(evidence: dict[str, Any]) -> None:
    """A statement denies everybody every action on bucket and objects without HTTPS."""
    bucket = evidence["source_bucket"]
    arn = f"arn:aws:s3:::{bucket['name']}"
    assert any(
        principals(s) == ["*"]
        and set(as_list(s.get("Action"))) & {"*", "s3:*"}
        and {arn, f"{arn}/*"} <= set(as_list(s.get("Resource")))
        and s.get("Condition") in PLAIN_HTTP
        for s in statements(bucket["policy"], "Deny")
    )


@pytest.mark.requirement("source-bucket.https-only")
def test_plain_http_is_refused_while_https_works(inventory_lab: InventoryLab) -> None:
    """Real requests of a role: allowed over HTTPS, refused over plain HTTP."""
    answers = over_http(inventory_lab.lab, inventory_lab.connection)
    assert answers == {"https": "allowed", "http": "AccessDenied"}
