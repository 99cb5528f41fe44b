"""What opens a bucket to others than its account."""

from __future__ import annotations

from labproof.analysis.policies import acl_openings, policy_openings
from labproof.evidence.snapshot import Snapshot

SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
BLOCK = (
    "aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration "
    "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
)


def ways_in(snapshot: Snapshot, part: str) -> list[str]:
    """Return a clause for each setting that is off, and for each grant to others.

    The account's own settings count for all of its buckets.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    bucket, account = snapshot.part(part), str(snapshot.target["account"])
    own = bucket["public_access_block"] or {}
    off = [name for name in SETTINGS if not own.get(name)]
    if off:
        whole = snapshot.part("account")["public_access_block"] or {}
        off = [name for name in off if not whole.get(name)]
    opened = policy_openings(bucket["policy"], account) + acl_openings(bucket["acl"])
    return [*(f"{name} is off" for name in off), *opened]
