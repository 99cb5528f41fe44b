"""Settings of one bucket, by its name, and single objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from labproof.faults.parts.key import read_alias
from labproof.faults.place import Place
from labproof.faults.policies import Statement, policy
from labproof.faults.setting import Setting, Step, as_bytes, as_text, found, named, stored

LARGEST = 20_000_000  # bytes of an object that a fault may take away
CARRIED = ("ContentType", "ContentEncoding", "CacheControl", "ContentDisposition", "Metadata")
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

of_bucket = partial(stored, "s3", "Bucket")
POLICY = of_bucket("bucket_policy", "Policy", text=True)
ACCESS_BLOCK = of_bucket("public_access_block", "PublicAccessBlockConfiguration")
OWNERSHIP = of_bucket("bucket_ownership_controls", "OwnershipControls")
ENCRYPTION = of_bucket("bucket_encryption", "ServerSideEncryptionConfiguration")
# Versioning that was once on can only be suspended.
VERSIONING = of_bucket("bucket_versioning", "VersioningConfiguration", "Status", none="Suspended")


def read_acl(place: Place, bucket: str) -> Any:
    answer = place.aws("s3").get_bucket_acl(Bucket=bucket)
    return {"Owner": answer["Owner"], "Grants": answer["Grants"]}


def write_acl(place: Place, bucket: str, acl: Any) -> None:
    place.aws("s3").put_bucket_acl(Bucket=bucket, AccessControlPolicy=acl)


def read_object(place: Place, path: str) -> Any:
    bucket, _, key = path.partition("/")
    answer = found(lambda: place.aws("s3").get_object(Bucket=bucket, Key=key))
    if answer is None or answer["ContentLength"] > LARGEST:
        return None
    kept = {name: answer[name] for name in CARRIED if answer.get(name)}
    return {"body": as_text(answer["Body"].read()), **kept}


def write_object(place: Place, path: str, content: Any) -> None:
    bucket, _, key = path.partition("/")
    s3 = place.aws("s3")
    if content is None:
        s3.delete_object(Bucket=bucket, Key=key)
        return
    kept = {name: value for name, value in content.items() if name != "body"}
    s3.put_object(Bucket=bucket, Key=key, Body=as_bytes(content["body"]), **kept)


def bucket_policy(
    place: Place,
    bucket: str,
    only: list[Statement] | None = None,
    add: list[Statement] | None = None,
) -> Iterator[Step]:
    """The policy has these statements only, or has these too; with neither there is none."""
    name = place.bucket(bucket)
    kept = statements_of(place, name) if add else []
    statements = [*kept, *(only or []), *(add or [])]
    yield Step("bucket_policy", name, policy(*statements) if statements else None)


def statements_of(place: Place, bucket: str) -> list[Statement]:
    """Return the statements of a bucket's policy."""
    kept = (POLICY.read(place, bucket) or {}).get("Statement", [])
    return kept if isinstance(kept, list) else [kept]


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
    acl = read_acl(place, name)
    everyone = {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": permission}
    yield Step("bucket_acl", name, {**acl, "Grants": [*acl["Grants"], everyone]})


def versioning(place: Place, bucket: str, status: str) -> Iterator[Step]:
    yield Step("bucket_versioning", place.bucket(bucket), status)


def encryption(place: Place, bucket: str, algorithm: str, key: str = "") -> Iterator[Step]:
    """The default encryption is another one; ``key`` may be the alias of a spare key."""
    own = {"KMSMasterKeyID": read_alias(place, key)} if key else {}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, **own}}
    yield Step("bucket_encryption", place.bucket(bucket), {"Rules": [rule]})


def samples(place: Place, name: str, content: str | None = None) -> Iterator[Step]:
    """The bucket's files of this name are gone, or hold something else."""
    bucket = place.bucket("source")
    value = None if content is None else {"body": as_text(content.encode())}
    pages = place.aws("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for entry in pages.build_full_result().get("Contents", []):
        if f"/{entry['Key']}".endswith(f"/{name}"):
            yield Step("object", f"{bucket}/{entry['Key']}", value)


SETTINGS = {
    "bucket_policy": POLICY,
    "bucket_access_block": ACCESS_BLOCK,
    "bucket_ownership": OWNERSHIP,
    "bucket_acl": Setting(read_acl, write_acl),
    "bucket_versioning": VERSIONING,
    "bucket_encryption": ENCRYPTION,
    "object": Setting(read_object, write_object),
}
CHANGES = named(
    bucket_policy, public_access, acls_allowed, public_acl, versioning, encryption, samples
)
