"""What a role or user may do with the parts of a lab.

A holder is ``{"arn": ARN, "documents": [policy], "boundary": policy | None}``: all of its own
policies, those of a user's groups too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labproof.analysis.policies.buckets import every_object
from labproof.analysis.policies.conditions import Context
from labproof.analysis.policies.decisions import (
    Policy,
    Request,
    could,
    covers_action,
    is_unread,
    may,
    statements,
)
from labproof.analysis.policies.logic import texts

Holder = Mapping[str, Any]
WRITING = ("dynamodb:PutItem", "dynamodb:BatchWriteItem")
# What it means to have rights on a lab's bucket, table or key; listing them all, or reading how
# they are set up, is none.
USES = {
    "objects": ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"),
    "bucket": ("s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteBucket"),
    "table": (
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem"),
        *("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        *("dynamodb:BatchWriteItem", "dynamodb:DeleteTable"),
    ),
    "key": (
        *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"),
        *("kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"),
    ),
}


def holder(reading: Mapping[str, Any], boundary: Policy = None) -> dict[str, Any]:
    """Return the holder that a reading of a role or user describes.

    ``reading`` has ``arn``, ``inline`` (``{name: policy}``), ``attached`` (``[{"document"}]``), for
    users ``groups`` (``[{"inline", "attached"}]``), and ``boundary`` (a policy, or the ARN of one,
    which then is ``boundary``). What could not be read stays unknown.
    """
    sources = [reading, *(reading.get("groups") or [])]
    limit = reading.get("boundary") if boundary is None else boundary
    return {
        "arn": str(reading.get("arn", "")),
        "documents": [document for source in sources for document in _documents(source)],
        "boundary": {"error": {"boundary": limit}} if isinstance(limit, str) else limit,
    }


def may_read_every_object(who: Holder, bucket_arn: str, bucket_policy: Policy = None) -> bool:
    """Tell whether a holder may surely read all objects of a bucket, by any policy."""
    return _may(who, "s3:GetObject", every_object(bucket_arn), bucket_policy)


def may_write_every_object(who: Holder, bucket_arn: str, bucket_policy: Policy = None) -> bool:
    """Tell whether a holder may surely put an object under any key of a bucket."""
    return _may(who, "s3:PutObject", every_object(bucket_arn), bucket_policy)


def may_put_items(
    who: Holder, table_arn: str, table_policy: Policy = None, actions: Iterable[str] = WRITING
) -> bool:
    """Tell whether a holder may surely put items into a table, one by one or in batches."""
    return any(_may(who, action, table_arn, table_policy) for action in actions)


def may_decrypt(who: Holder, key_arn: str, key_policy: Policy, bucket_arn: str = "") -> bool:
    """Tell whether a holder may surely decrypt a bucket's objects with a key.

    S3 asks KMS on the holder's behalf, so kms:ViaService is S3's. The encryption context is the
    object's ARN, or the bucket's where a bucket key is used: a policy that knows either will do.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    via = via_s3(key_arn)
    contexts = (bucket_arn, every_object(bucket_arn)) if bucket_arn else (None,)
    return any(
        _may(who, "kms:Decrypt", key_arn, key_policy, {**via, **_encryption(arn)})
        for arn in contexts
    )


def may_write_logs(who: Holder, group_arn: str) -> bool:
    """Tell whether a holder may surely create a log group and its streams, and put events there.

    ``group_arn`` is ``arn:…:log-group:NAME``, without ``:*``. AWS writes the group's ARN with that
    ending in policies, and documents it without it: either form counts for group and streams.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    forms = (group_arn, f"{group_arn}:*", f"{group_arn}:log-stream:", f"{group_arn}:log-stream:?*")
    wanted = {
        "logs:CreateLogGroup": forms[:3],
        "logs:CreateLogStream": forms,
        "logs:PutLogEvents": forms[3:],
    }
    return all(
        any(_may(who, action, scope) for scope in scopes) for action, scopes in wanted.items()
    )


def via_s3(key_arn: str) -> dict[str, str | list[str] | None]:
    """Return what KMS knows of a request that S3 forwards for a caller."""
    region = key_arn.split(":")[3] if key_arn.count(":") >= 5 else ""
    return {"kms:viaservice": f"s3.{region}.amazonaws.com", "aws:viaawsservice": "true"}


def is_unclear(who: Holder) -> bool:
    """Tell whether some policy of a holder could not be read, so that nothing is sure."""
    return any(is_unread(policy) for policy in [*who["documents"], who.get("boundary")])


def is_administrator(who: Holder) -> bool:
    """Tell whether a holder administers the account: all of IAM, on everything.

    Conditions (MFA, an address) and denials of parts do not make an administrator less of one; a
    boundary that leaves IAM out does.
    """
    limit = who.get("boundary")
    limited = limit is not None and not _gives_iam(limit)
    return not limited and any(_gives_iam(document) for document in who["documents"])


def rights_of_users(
    users: Mapping[str, Holder], parts: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return which users may do something with a lab's parts, administrators aside.

    ``parts`` maps ``bucket``, ``table`` and ``key`` to ``{"arn": ARN, "policy": policy | None}``.
    The answer is ``{user: ["action on ARN", …]}``. A right that holds for a part, or under some
    condition, is a right. Ask :func:`is_unclear` first: what could not be read counts as one.
    """
    wanted = [
        (action, scope, part.get("policy"))
        for name, part in parts.items()
        for kind, scope in _scopes(name, part["arn"])
        for action in USES[kind]
    ]
    found = {
        name: [
            f"{action} on {scope.replace('/?*', '/*')}"
            for action, scope, policy in wanted
            if _could(who, action, scope, policy)
        ]
        for name, who in users.items()
        if not is_administrator(who)
    }
    return {name: rights for name, rights in found.items() if rights}


def _scopes(name: str, arn: str) -> list[tuple[str, str]]:
    return [(name, arn), ("objects", every_object(arn))] if name == "bucket" else [(name, arn)]


def _may(
    who: Holder, action: str, scope: str, policy: Policy = None, context: Context | None = None
) -> bool:
    request = Request(who["arn"], action, scope, context=context or {})
    return may(request, who["documents"], policy, who.get("boundary"))


def _could(who: Holder, action: str, scope: str, policy: Policy) -> bool:
    request = Request(who["arn"], action, scope)
    return could(request, who["documents"], policy, who.get("boundary"))


def _encryption(arn: str | None) -> dict[str, str | list[str] | None]:
    return {"kms:encryptioncontext:aws:s3:arn": arn} if arn else {}


def _gives_iam(document: Policy) -> bool:
    return any(
        covers_action(s, "iam:?*") is True and "*" in texts(s.get("Resource"))
        for s in statements(document, "Allow")
    )


def _documents(source: Any) -> list[Policy]:
    if not isinstance(source, Mapping):
        return []
    inline, attached = source.get("inline") or {}, source.get("attached") or []
    if isinstance(inline, Mapping) and set(inline) != {"error"}:
        inline = list(inline.values())
    unread = [part for part in (inline, attached) if isinstance(part, Mapping)]
    listed = attached if isinstance(attached, list) else []
    documents = [p.get("document") for p in listed if isinstance(p, Mapping)]
    return [*(inline if isinstance(inline, list) else []), *documents, *unread]
