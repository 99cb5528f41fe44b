"""Who may use a KMS key, by its policy.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from labproof.analysis.policies.conditions import is_limited_to, limits
from labproof.analysis.policies.decisions import (
    GONE,
    Policy,
    Request,
    covers_action,
    may,
    names_in,
    statements,
)
from labproof.analysis.policies.holders import Holder, may_decrypt, via_s3

DECRYPTING = ("kms:Decrypt", "kms:ReEncryptFrom")
S3 = "s3.amazonaws.com"
SERVICES = re.compile(r"(s3|dynamodb)\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
FULL = {"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}


def s3_may_use(policy: Policy, key_arn: str, bucket_arn: str, account: str) -> bool:
    """Tell whether S3 may encrypt a bucket's objects with a key.

    Either the policy names S3 itself, or it lets the account's principals use the key through S3:
    S3 forwards the uploader's own rights, so the account's default statement will do.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    source: dict[str, str | list[str] | None]
    source = {"aws:sourcearn": bucket_arn, "aws:sourceaccount": account}
    partition = key_arn.split(":")[1] if ":" in key_arn else "aws"
    uploader = f"arn:{partition}:iam::{account}:user/uploader"
    as_service = Request(S3, "kms:GenerateDataKey", key_arn, account, source)
    for_uploader = Request(uploader, "kms:GenerateDataKey", key_arn, account, via_s3(key_arn))
    return may(as_service, resource=policy) or may(for_uploader, [FULL], policy)


def other_decrypters(policy: Policy, account: str, role_arn: str) -> list[str]:
    """Return a sentence for each principal, but the account and the role, that may decrypt.

    S3 itself, and everyone of the account through S3 or DynamoDB alone (kms:CallerAccount with
    kms:ViaService, as AWS's own keys have it), are fine, and so is a principal that is gone.
    """
    return [
        f"The key's policy lets {_shown(name)} decrypt: name the account, S3 and the role alone."
        for statement in _statements_for(policy, DECRYPTING)
        for name in _named(statement)
        if not _is_fine(name, statement, account, role_arn)
    ]


def whole_key_grants(policy: Policy, account: str) -> list[str]:
    """Return a sentence for each principal, but the account itself, with all rights on the key."""
    return [
        f"The key's policy gives {_shown(name)} every right on the key: name the actions it needs."
        for statement in statements(policy, "Allow")
        if covers_action(statement, "kms:?*") is True
        for name in _named(statement)
        if not _is_root(name, account)
    ]


def key_policy_problems(
    policy: Policy, key_arn: str, bucket_arn: str, account: str, role: Holder
) -> list[str]:
    """Return a sentence for all that is wrong with a key's policy.

    S3 and the role must be able to use the key, nobody else may be named for decryption, and nobody
    but the account may hold every right.
    """
    found = []
    if not s3_may_use(policy, key_arn, bucket_arn, account):
        found.append("The key's policy does not let S3 use the key: allow it, or the account.")
    if not may_decrypt(role, key_arn, policy, bucket_arn):
        found.append(
            "The role may not decrypt with the key: name it in the key's policy, or leave it to "
            "the account and allow kms:Decrypt in the role's."
        )
    others = other_decrypters(policy, account, role["arn"])
    return list(dict.fromkeys([*found, *others, *whole_key_grants(policy, account)]))


def _statements_for(policy: Policy, actions: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    return (
        statement
        for statement in statements(policy, "Allow")
        if any(covers_action(statement, action) is not False for action in actions)
    )


def _named(statement: dict[str, Any]) -> list[str]:
    return ["*"] if "NotPrincipal" in statement else names_in(statement.get("Principal"))


def _is_root(name: str, account: str) -> bool:
    parts = name.split(":")
    return name == account or (parts[2:3] == ["iam"] and parts[4:] == [account, "root"])


def _is_fine(name: str, statement: dict[str, Any], account: str, role_arn: str) -> bool:
    if _is_root(name, account) or name in (role_arn, S3) or GONE.fullmatch(name):
        return True
    condition = statement.get("Condition")
    for_role = is_limited_to(condition, "aws:PrincipalArn", {role_arn})
    through = is_limited_to(condition, "kms:CallerAccount", {account}) and _is_through(condition)
    return _is_session_of(name, role_arn) or (name == "*" and (for_role or through))


def _is_session_of(name: str, role_arn: str) -> bool:
    head, _, role = role_arn.replace(":iam:", ":sts:").partition(":role/")
    return bool(role) and name.startswith(f"{head}:assumed-role/{role.rpartition('/')[2]}/")


def _is_through(condition: Any) -> bool:
    """Tell whether a condition limits a key's use to what S3 or DynamoDB asks for."""
    return any(
        values and all(SERVICES.fullmatch(value) for value in values)
        for values in limits(condition, "kms:ViaService")
    )


def _shown(name: str) -> str:
    return "everyone" if name == "*" else name[:200]
