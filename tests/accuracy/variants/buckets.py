"""What a bucket may have beside what the lab asks for."""

from __future__ import annotations

from typing import Any

from tests.support.learner import Step, allow, document

from .ways import call, each

PLAIN_HTTP = {"Bool": {"aws:SecureTransport": "false"}}


def bucket_policy(bucket: str, *statements: dict[str, Any]) -> Step:
    return call("s3", "put_bucket_policy", Bucket=bucket, Policy=document(*statements))


def denied(*resources: str, **condition: Any) -> dict[str, Any]:
    """Deny everyone everything under a condition, by default without HTTPS."""
    return allow(
        Principal="*", Action="s3:*", Resource=list(resources), Condition=condition or PLAIN_HTTP
    ) | {"Effect": "Deny"}


def versioned(bucket: str) -> Step:
    status = {"Status": "Enabled"}
    return call("s3", "put_bucket_versioning", Bucket=bucket, VersioningConfiguration=status)


def encrypted(bucket: str, bucket_key: bool = False, **default: str) -> Step:
    """Set the default encryption."""
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
    return call(
        *("s3", "put_bucket_encryption"),
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )


def kept_tidy(bucket: str) -> Step:
    """Give the bucket tags, and let old versions expire."""
    rule = {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }
    tags = [{"Key": "course", "Value": "events"}]
    return each(
        call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": tags}),
        call(
            *("s3", "put_bucket_lifecycle_configuration"),
            Bucket=bucket,
            LifecycleConfiguration={"Rules": [rule]},
        ),
    )


def used_before(bucket: str) -> Step:
    """Leave what stands for an object that was deleted; versions have to be kept."""
    return each(
        call("s3", "put_object", Bucket=bucket, Key="old/deleted.csv", Body=b"deleted"),
        call("s3", "delete_object", Bucket=bucket, Key="old/deleted.csv"),
    )
