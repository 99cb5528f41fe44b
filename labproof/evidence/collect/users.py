"""IAM users, as far as their policies speak of the services that a lab is made of.

One listing answers for all users and groups of an account, whatever their number.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

import json
from typing import Any

from labproof.analysis.policies.logic import as_list
from labproof.analysis.policies.patterns import includes
from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, document, items, paged, together
from labproof.evidence.collect.roles import managed, with_document

# A lab's services, and the one whose rights make an administrator.
CONCERNED = ("s3", "dynamodb", "kms", "iam")
MOST_PAGES, PAGE = 10, 1000
MOST_POLICIES = 60
MOST_TEXT = 40_000  # characters of JSON

Details = dict[str, Any]


def users() -> Reader:
    """Read ``{"counted", "cut", "listed": [user]}``; a user without any such right is only counted.

    ``cut`` says that there may be more than are listed.
    """
    (pages,) = yield [
        paged(
            *("iam", "get_account_authorization_details", MOST_PAGES),
            Filter=["User", "Group"],
            PaginationConfig={"PageSize": PAGE},
        )
    ]
    if is_error(pages):
        return pages
    people, groups = items(pages, "UserDetailList"), items(pages, "GroupDetailList")
    arns = _arns([*people, *groups])
    documents = yield from together({arn: managed(arn) for arn in arns[:MOST_POLICIES]})
    teams = {group["GroupName"]: _rights(group, documents) for group in groups}
    found = [_user(person, documents, teams) for person in people]
    return {"counted": len(people)} | _fitting(
        [user for user in found if _may_anything(user)],
        bool(pages and pages[-1].get("IsTruncated")) or len(arns) > MOST_POLICIES,
    )


def concerning(found: Any) -> Any:
    """Return a policy without the statements and actions that are of no lab's services."""
    if not isinstance(found, dict) or is_error(found):
        return found
    statements = [_concerning(s) for s in as_list(found.get("Statement")) if isinstance(s, dict)]
    return {**found, "Statement": [s for s in statements if s is not None]}


def _concerning(statement: Details) -> Details | None:
    for name in ("Action", "NotAction"):
        if name in statement:
            written = as_list(statement[name])
            kept = [a for a in written if _concerned(str(a))]
            if kept == written:
                return statement
            # NotAction without an entry of these services allows all of them.
            return {**statement, name: kept} if kept or name == "NotAction" else None
    return None


def _concerned(action: str) -> bool:
    service = action.partition(":")[0].lower()
    return any(includes(service, known) for known in CONCERNED)


def _arns(entities: list[Details]) -> list[str]:
    attached = [p["PolicyArn"] for e in entities for p in e.get("AttachedManagedPolicies", [])]
    bounds = [e.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") for e in entities]
    return sorted({arn for arn in (*attached, *bounds) if arn})


def _rights(entity: Details, documents: dict[str, Any]) -> Details:
    """Return the inline and attached policies of a user or a group."""
    own = [*entity.get("UserPolicyList", []), *entity.get("GroupPolicyList", [])]
    call = "get_account_authorization_details"
    return {
        "inline": {
            p["PolicyName"]: concerning(document(p.get("PolicyDocument"), call)) for p in own
        },
        "attached": [
            {"name": p["PolicyName"], **_document(p["PolicyArn"], documents)}
            for p in entity.get("AttachedManagedPolicies", [])
        ],
    }


def _document(arn: str, documents: dict[str, Any]) -> Details:
    found = documents.get(arn, {"arn": arn, "document": None})
    return {"arn": arn, "document": concerning(found.get("document", found))}


def _user(person: Details, documents: dict[str, Any], teams: dict[str, Details]) -> Details:
    boundary = person.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return {
        "name": person["UserName"],
        "arn": person["Arn"],
        "boundary": with_document(_document(boundary, documents)) if boundary else None,
        **_rights(person, documents),
        "groups": [{"name": n, **teams[n]} for n in person.get("GroupList", []) if n in teams],
    }


def _may_anything(user: Details) -> bool:
    """Tell whether a user has any policy left to look at; one that is unread is such."""
    policies = [
        one
        for part in (user, *user["groups"])
        for one in (*part["inline"].values(), *(p["document"] for p in part["attached"]))
    ]
    return any(map(_says_anything, policies))


def _says_anything(policy: Any) -> bool:
    found = policy or {}
    return is_error(found) or bool(found.get("Statement")) or "Unparsed" in found


def _fitting(found: list[Details], cut: bool) -> Details:
    """Keep as many users as there is room for."""
    listed: list[Details] = []
    room = MOST_TEXT
    for user in found:
        room -= len(json.dumps(user, default=str))
        if room < 0:
            return {"cut": True, "listed": listed}
        listed.append(user)
    return {"cut": cut, "listed": listed}
