"""The bucket that files are uploaded to."""

from __future__ import annotations

import pytest

from labproof.analysis.policies import anyone_may_read, others_beyond_reading, refuses_plain_http
from labproof.evidence.snapshot import Failure, Snapshot, expect, expect_none

from .privacy import BLOCK, SETTINGS, ways_in

UNBLOCK = BLOCK.replace("${bucket}", "$source_bucket").replace("true", "false")
ALLOW_READING = (
    "aws s3api put-bucket-policy --bucket $source_bucket --policy '"
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
    """"Action": "s3:GetObject", "Resource": "arn:$partition:s3:::$source_bucket/*"}]}'"""
)
DENY_HTTP = (
    "aws s3api put-bucket-policy --bucket $source_bucket --policy '"
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", '
    '"Action": "s3:*", "Resource": ["arn:$partition:s3:::$source_bucket", '
    '"arn:$partition:s3:::$source_bucket/*"], '
    """"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}'"""
)
ENCRYPT = (
    "aws s3api put-bucket-encryption --bucket $source_bucket "
    """--server-side-encryption-configuration '{"Rules": [{"ApplyServerSideEncryptionByDefault": """
    """{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "$key_arn"}}]}'"""
)
BUCKET = "create-source-bucket.yml"


@pytest.mark.requirement(
    "source-bucket.exists",
    hint="Create the bucket $source_bucket.",
    command="aws s3 mb s3://$source_bucket",
    playbook=BUCKET,
)
def test_source_bucket_exists(snapshot: Snapshot) -> None:
    """The bucket for uploads exists under its exact name."""
    snapshot.part("source_bucket")


@pytest.mark.requirement(
    "source-bucket.public-access",
    rests_on=["source-bucket.exists"],
    hint="Switch off all four Block Public Access settings of $source_bucket.",
    command=UNBLOCK,
    playbook=BUCKET,
)
def test_block_public_access_is_off(snapshot: Snapshot) -> None:
    """All four Block Public Access settings of the bucket are off."""
    settings = snapshot.part("source_bucket")["public_access_block"] or {}
    expect_none([f"{name} is on" for name in SETTINGS if settings.get(name)], "all four off")


@pytest.mark.requirement(
    "source-bucket.policy",
    weight=3,
    rests_on=["source-bucket.exists"],
    hint="Let everyone read every object of $source_bucket, and nobody write, delete or list.",
    command=ALLOW_READING,
    playbook=BUCKET,
)
def test_policy_lets_anyone_read_and_nothing_more(snapshot: Snapshot) -> None:
    """Anyone may read every object; nobody but the account may write, delete or list."""
    policy, account = snapshot.part("source_bucket")["policy"], str(snapshot.target["account"])
    expect_none(others_beyond_reading(policy, account), "nothing but reading for others")
    readable = anyone_may_read(policy, snapshot.arn("source"))
    expected = "a statement that lets everyone (*) s3:GetObject every object, without condition"
    expect(readable, expected, "a policy that does not" if policy else "no policy")


@pytest.mark.requirement(
    "source-bucket.anonymous-read",
    rests_on=["source-bucket.exists", "source-bucket.public-access", "source-bucket.policy"],
    hint="Ask for an object in a browser's private window; look at the settings and the policy, "
    "and at the account's own Block Public Access.",
    command="aws s3control get-public-access-block --account-id $account",
    playbook=BUCKET,
)
def test_anyone_can_read_an_object(snapshot: Snapshot) -> None:
    """A real request without credentials gets an object, byte for byte."""
    answer = snapshot.seen("anonymous")["source"]
    if answer is None:
        raise Failure("an object to ask for", "none")
    expect(answer["status"] == 200, "200 to a stranger who asks for an object", answer["status"])
    expect(answer["same"] is True, "the object's own bytes", "others")
    # AWS decrypts for nobody who does not sign, which an emulator may not know.
    algorithm = str((snapshot.seen("encryption") or {}).get("algorithm"))
    readable = not algorithm.startswith("aws:kms")
    expect(readable, "objects that a stranger can decrypt", f"objects under {algorithm}")


@pytest.mark.requirement(
    "source-bucket.private",
    weight=3,
    rests_on=["source-bucket.exists"],
    hint="Switch on all four Block Public Access settings of $source_bucket; remove what its "
    "policy and ACL give to others.",
    command=BLOCK.replace("${bucket}", "$source_bucket"),
    playbook=BUCKET,
)
def test_source_bucket_is_private(snapshot: Snapshot) -> None:
    """All four Block Public Access settings are on; no policy or ACL opens the bucket to others."""
    expect_none(ways_in(snapshot, "source_bucket"), "nothing that opens the bucket")


@pytest.mark.requirement(
    "source-bucket.versioned",
    rests_on=["source-bucket.exists"],
    hint="Enable versioning on $source_bucket; suspended is not enough.",
    command="aws s3api put-bucket-versioning --bucket $source_bucket "
    "--versioning-configuration Status=Enabled",
    playbook=BUCKET,
)
def test_source_bucket_keeps_versions(snapshot: Snapshot) -> None:
    """Versioning is enabled, not merely suspended."""
    status = snapshot.part("source_bucket")["versioning"]
    expect(status == "Enabled", "versioning Enabled", status)


@pytest.mark.requirement(
    "source-bucket.encrypted",
    weight=3,
    rests_on=["source-bucket.exists", "key.exists"],
    hint="Make SSE-KMS with the key $key_alias the default encryption of $source_bucket.",
    command=ENCRYPT,
    playbook=BUCKET,
)
def test_source_bucket_encrypts_with_the_key(snapshot: Snapshot) -> None:
    """The default encryption is SSE-KMS with the lab's key, and a fresh object shows it."""
    bucket, key = snapshot.part("source_bucket"), snapshot.part("key")
    rules = (bucket["encryption"] or {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
    found = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
    names = key_names(key["arn"], snapshot.lab.key.alias)
    fine = str(found[0]).startswith("aws:kms") and found[1] in names
    expect(fine, f"aws:kms with {snapshot.lab.key.alias}", f"{found[0]} with {found[1]}")
    fresh = snapshot.seen("encryption")
    shown = fresh["algorithm"], fresh["key"]
    fine = str(shown[0]).startswith("aws:kms") and shown[1] in names
    expect(fine, f"a fresh object under {snapshot.lab.key.alias}", f"{shown[0]} with {shown[1]}")


def key_names(arn: str, alias: str) -> set[str]:
    """Return the ways to name a key: ARN, id, alias, the alias's ARN."""
    return {arn, arn.rpartition("/")[2], alias, f"{arn.rpartition(':')[0]}:{alias}"}


@pytest.mark.requirement(
    "source-bucket.https-only",
    weight=3,
    rests_on=["source-bucket.exists"],
    hint="Deny everyone every action on $source_bucket and its objects where aws:SecureTransport "
    "is false.",
    command=DENY_HTTP,
    playbook=BUCKET,
)
def test_plain_http_is_refused(snapshot: Snapshot) -> None:
    """The policy denies everyone every request without HTTPS, and a real one is refused."""
    policy = snapshot.part("source_bucket")["policy"]
    refused = refuses_plain_http(policy, snapshot.arn("source"))
    expected = "a Deny for everyone, all actions, bucket and objects, without HTTPS"
    expect(refused, expected, "a policy that lets some of it through" if policy else "no policy")
    transport = snapshot.seen("transport")
    answers = {name: transport[name] for name in transport}
    wanted = {"https": "allowed", "http": "AccessDenied"}
    expect(answers == wanted, "HTTPS allowed and HTTP AccessDenied", answers)
