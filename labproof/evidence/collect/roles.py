"""Roles and what policies say of them: every document in the version that is in effect."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import (
    Reader,
    call,
    document,
    items,
    nothing,
    paged,
    tags,
    together,
)

MOST_PAGES = 5


def role(name: str) -> Reader:
    """Read a role: trust, boundary, policies; None when it does not exist."""
    found, attached, names = yield [
        call("iam", "get_role", "Role", RoleName=name),
        paged("iam", "list_attached_role_policies", MOST_PAGES, RoleName=name),
        paged("iam", "list_role_policies", MOST_PAGES, RoleName=name),
    ]
    if nothing(found):
        return found
    boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    policies = yield from together(
        {
            "boundary": bound(boundary),
            "attached": attached_documents(items(attached, "AttachedPolicies")),
            "inline": _inline(name, items(names, "PolicyNames")),
        }
    )
    return {
        "name": name,
        "arn": found["Arn"],
        "trust": document(found.get("AssumeRolePolicyDocument"), "get_role"),
        **policies,
    }


def survey(name: str) -> Reader:
    """Read no more of a role than whose it is, and whom it trusts."""
    (found,) = yield [call("iam", "get_role", "Role", RoleName=name)]
    if nothing(found):
        return found
    trust = document(found.get("AssumeRolePolicyDocument"), "get_role")
    return {"name": name, "arn": found["Arn"], "trust": trust, "tags": tags(found.get("Tags"))}


def managed(arn: str) -> Reader:
    """Read a managed policy: ``{"arn", "document"}``; the document is None where there is none."""
    (policy,) = yield [call("iam", "get_policy", "Policy", PolicyArn=arn)]
    if nothing(policy):
        return {"arn": arn, "document": policy}
    (version,) = yield [
        call(
            *("iam", "get_policy_version", "PolicyVersion"),
            PolicyArn=arn,
            VersionId=policy["DefaultVersionId"],
        )
    ]
    text = version if nothing(version) else version.get("Document")
    return {"arn": arn, "document": document(text, "get_policy_version")}


def attached_documents(attached: Any) -> Reader:
    """Read the managed policies of a listing: ``[{"name", "arn", "document"}]``."""
    if is_error(attached):
        return attached
    found = yield from together({p["PolicyArn"]: managed(p["PolicyArn"]) for p in attached})
    return [{"name": p["PolicyName"], **found[p["PolicyArn"]]} for p in attached]


def bound(arn: str | None) -> Reader:
    """Read a permissions boundary, like a policy; one that is gone is not the lack of one."""
    if arn is None:
        return None
    return with_document((yield from managed(arn)))


def with_document(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a managed policy whose document, where it is not there, is an error."""
    if policy["document"] is not None:
        return policy
    return policy | {"document": error_of("get_policy", "NoSuchEntity", policy["arn"])}


def _inline(role_name: str, names: Any) -> Reader:
    if is_error(names) or not names:
        return names or {}
    texts = yield [
        call("iam", "get_role_policy", "PolicyDocument", RoleName=role_name, PolicyName=n)
        for n in names
    ]
    return {n: document(text, "get_role_policy") for n, text in zip(names, texts, strict=True)}
