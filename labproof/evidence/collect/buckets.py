"""Buckets, and the settings of the whole account that rule over theirs."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, document, nothing, tags

# What tells who may reach a bucket; of one that nothing is uploaded to, no more is judged.
REACH = ("public_access_block", "policy", "acl")
SETTINGS = {
    "public_access_block": ("get_public_access_block", "PublicAccessBlockConfiguration"),
    "policy": ("get_bucket_policy", "Policy"),
    "acl": ("get_bucket_acl", None),
    "notification": ("get_bucket_notification_configuration", None),
    "versioning": ("get_bucket_versioning", "Status"),
    "encryption": ("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
}


def bucket(name: str, owner: str, settings: tuple[str, ...] = tuple(SETTINGS)) -> Reader:
    """Read a bucket; None when it does not exist.

    Another account's bucket, and one that may not be looked at, are both an error with code 403.
    ``owner`` is the account that it must belong to.
    """
    mine = {"Bucket": name, "ExpectedBucketOwner": owner}
    (head,) = yield [call("s3", "head_bucket", **mine)]
    if nothing(head):
        return _explained(head)
    answers = yield [call("s3", *SETTINGS[setting], **mine) for setting in settings]
    found = dict(zip(settings, answers, strict=True))
    policy = document(found["policy"], "get_bucket_policy")
    return {"name": name} | found | {"policy": policy}


def survey(name: str) -> Reader:
    """Read no more of a bucket than whose it is."""
    (head,) = yield [call("s3", "head_bucket", Bucket=name)]
    if nothing(head):
        return _explained(head)
    (pairs,) = yield [call("s3", "get_bucket_tagging", "TagSet", Bucket=name)]
    return {"name": name, "tags": tags(pairs)}


def exists(name: str) -> Reader:
    """Tell whether a bucket is there: True, False, or an error."""
    (head,) = yield [call("s3", "head_bucket", Bucket=name)]
    return head if is_error(head) else head is not None


def account(number: str, emulated: bool) -> Reader:
    """Read the account's own Block Public Access settings; no emulator has any.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    if emulated:
        return {"public_access_block": None}
    field = "PublicAccessBlockConfiguration"
    (found,) = yield [call("s3control", "get_public_access_block", field, AccountId=number)]
    return {"public_access_block": found}


def _explained(head: Any) -> Any:
    """HeadBucket has no body, so AWS cannot say what it means by 403."""
    if is_error(head) and head["error"]["code"] == "403":
        why = "the bucket is another account's, or the right s3:ListBucket on it is missing"
        head["error"]["message"] = why
    return head
