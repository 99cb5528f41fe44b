"""Roles and what policies say of them: every document in the version that is in effect."""

from __future__ import annotations

from typing import Any

from labproof.aws import Connection
from labproof.collect.asking import (
    Reader,
    call,
    document,
    items,
    nothing,
    paged,
    run,
    tags,
    together,
)
from labproof.snapshot import error_of, is_error

MOST_PAGES = 5


def role(name: str) -> Reader:
    """Read a role: trust, path, longest session in seconds, boundary, policies, tags."""
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
            "boundary": boundary_document(boundary),
            "attached": attached_documents(items(attached, "AttachedPolicies")),
            "inline": _inline(name, items(names, "PolicyNames")),
        }
    )
    return {
        "name": name,
        "arn": found["Arn"],
        "path": found.get("Path", "/"),
        "max_session_s": found.get("MaxSessionDuration"),
        "trust": document(found.get("AssumeRolePolicyDocument"), "get_role"),
        "boundary_arn": boundary,
        **policies,
        "tags": tags(found.get("Tags")),
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


def boundary_document(arn: str | None) -> Reader:
    """Read a permissions boundary; None where there is none. One that is gone is no such thing."""
    if arn is None:
        return None
    found = (yield from managed(arn))["document"]
    return error_of("get_policy", "NoSuchEntity", arn) if found is None else found


def read_role(connection: Connection, name: str) -> Any:
    """Return a role; None when absent."""
    return run(role(name), connection)


def _inline(role_name: str, names: Any) -> Reader:
    if is_error(names) or not names:
        return names or {}
    texts = yield [
        call("iam", "get_role_policy", "PolicyDocument", RoleName=role_name, PolicyName=n)
        for n in names
    ]
    return {n: document(text, "get_role_policy") for n, text in zip(names, texts, strict=True)}
