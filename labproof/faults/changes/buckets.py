"""Faults of buckets: gone, too open, too closed, or without what they should keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.step import Step, mistyped
from labproof.faults.place import Place
from labproof.faults.settings import buckets, whole_buckets
from labproof.faults.settings.reading import as_text

VERSION = "2012-10-17"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def bucket_gone(place: Place, bucket: str) -> Iterator[Step]:
    """The bucket does not exist."""
    yield Step("bucket", place.bucket(bucket), None)


def bucket_misnamed(place: Place, bucket: str) -> Iterator[Step]:
    """The bucket has another name; what names the bucket itself was not set up for that one."""
    name = place.bucket(bucket)
    found = whole_buckets.read_bucket(place, name)
    yield Step("bucket", mistyped(name), {**found, "policy": None, "notification": {}})
    yield Step("bucket", name, None)


def bucket_plain(place: Place, bucket: str) -> Iterator[Step]:
    """The bucket was made again without any of its settings."""
    yield Step("bucket", place.bucket(bucket), {"access_block": dict.fromkeys(BLOCKS, False)})


def bucket_policy(
    place: Place,
    bucket: str,
    only: list[Any] | None = None,
    add: list[Any] | None = None,
) -> Iterator[Step]:
    """The policy has these statements only, or has these too; with neither there is none."""
    name = place.bucket(bucket)
    before = buckets.read_policy(place, name) or {"Statement": []}
    kept = before["Statement"] if add else []
    statements = [*(kept if isinstance(kept, list) else [kept]), *(only or []), *(add or [])]
    policy = {"Version": VERSION, "Statement": statements} if statements else None
    yield Step("bucket_policy", name, policy)


def public_access(place: Place, bucket: str, on: list[str]) -> Iterator[Step]:
    """These settings of Block Public Access are on, the others off."""
    value = {name: name in on for name in BLOCKS}
    yield Step("bucket_access_block", place.bucket(bucket), value)


def acls_allowed(place: Place, bucket: str) -> Iterator[Step]:
    """ACLs count again."""
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    yield Step("bucket_ownership", place.bucket(bucket), rules)


def public_acl(place: Place, bucket: str, permission: str) -> Iterator[Step]:
    """The bucket's ACL gives everyone a permission."""
    name = place.bucket(bucket)
    yield from acls_allowed(place, bucket)
    acl = buckets.read_acl(place, name)
    everyone = {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": permission}
    yield Step("bucket_acl", name, {**acl, "Grants": [*acl["Grants"], everyone]})


def versioning(place: Place, bucket: str, status: str) -> Iterator[Step]:
    yield Step("bucket_versioning", place.bucket(bucket), status)


def encryption(place: Place, bucket: str, algorithm: str, key: str = "") -> Iterator[Step]:
    """The default encryption is another one; ``key`` may be the alias of a spare key."""
    default = {"SSEAlgorithm": algorithm}
    if key:
        answer = place.aws("kms").describe_key(KeyId=key)
        default["KMSMasterKeyID"] = answer["KeyMetadata"]["Arn"]
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    yield Step("bucket_encryption", place.bucket(bucket), rules)


def samples(place: Place, name: str, content: str | None = None) -> Iterator[Step]:
    """The bucket's files of this name are gone, or hold something else."""
    bucket = place.bucket("source")
    pages = place.aws("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    for key in keys:
        if f"/{key}".endswith(f"/{name}"):
            value = None if content is None else {"body": as_text(content.encode())}
            yield Step("object", f"{bucket}/{key}", value)


CHANGES = {
    "bucket-gone": bucket_gone,
    "bucket-misnamed": bucket_misnamed,
    "bucket-plain": bucket_plain,
    "bucket-policy": bucket_policy,
    "public-access": public_access,
    "acls-allowed": acls_allowed,
    "public-acl": public_acl,
    "versioning": versioning,
    "encryption": encryption,
    "samples": samples,
}
