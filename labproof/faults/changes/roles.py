"""Faults of the role: not there, trusted by others, with too few rights or too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.step import Step, mistyped
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import buckets, identities, keys, roles
from labproof.labs.grants import managed_policy_arn, policy_documents, targets

VERSION = "2012-10-17"
OWN = "labproof-fault"

Statement = dict[str, Any]


def policy(*statements: Statement) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}


def role_gone(place: Place) -> Iterator[Step]:
    yield from kept_in_key_policy(place)
    yield Step("role", place.lab.role.name, None)


def role_misnamed(place: Place) -> Iterator[Step]:
    """The role has another name, under which the function uses it."""
    copy = roles.read_role(place, place.lab.role.name)
    name = mistyped(place.lab.role.name)
    yield Step("role", name, copy)
    yield Step("function_field", "Role", f"{place.words['iam']}:role{copy['Path']}{name}")
    yield from role_gone(place)


def kept_in_key_policy(place: Place) -> Iterator[Step]:
    """Have the key's policy written back after the role: AWS drops the name of a role that goes."""
    if place.lab.key:
        yield Step("key_policy", place.key_arn, keys.read_policy(place, place.key_arn))


def trust(place: Place, principals: list[Any]) -> Iterator[Step]:
    """The role trusts these principals, each by a statement of its own."""
    statements = [
        {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"} for who in principals
    ]
    yield Step("role_trust", place.lab.role.name, policy(*statements))


def more_policy(place: Place, statement: Statement) -> Iterator[Step]:
    """One more inline policy, with one statement."""
    before = roles.read_inline(place, place.lab.role.name)
    yield Step("role_inline", place.lab.role.name, {**before, OWN: policy(statement)})


def deny(place: Place, actions: list[str], resource: str = "*") -> Iterator[Step]:
    """Another policy of the role denies actions."""
    yield from more_policy(place, {"Effect": "Deny", "Action": actions, "Resource": resource})


def grant(place: Place, actions: list[str], resource: Any = "*") -> Iterator[Step]:
    """Another policy of the role allows actions too."""
    yield from more_policy(place, {"Effect": "Allow", "Action": actions, "Resource": resource})


def attached(
    place: Place, add: list[str] | None = None, remove: list[str] | None = None
) -> Iterator[Step]:
    """Managed policies, by name, are attached or detached; all of them with ``remove: ["*"]``."""
    partition = place.identity["partition"]
    before = roles.read_attached(place, place.lab.role.name)
    going = {managed_policy_arn(name, partition) for name in remove or []}
    kept = [arn for arn in before if arn not in going and remove != ["*"]]
    if remove and kept == before:
        raise FaultError(f"{place.lab.role.name} has no policy {', '.join(remove)} to take away.")
    coming = [managed_policy_arn(name, partition) for name in add or []]
    yield Step("role_attached", place.lab.role.name, sorted({*kept, *coming}))


def inline(place: Place, only: list[Statement]) -> Iterator[Step]:
    """The role's own policies are one with these statements; none without any."""
    yield Step("role_inline", place.lab.role.name, {OWN: policy(*only)} if only else {})


def rights(
    place: Place, without: list[str] | None = None, instead: dict[str, str] | None = None
) -> Iterator[Step]:
    """The role has exactly the rights of the lab's sheet, but for some actions or resources.

    ``instead`` maps a resource to the one that is named in its place. Whatever else gave rights,
    other policies and those of private buckets, is taken away.
    """
    yield from no_rights_by_buckets(place)
    arns = targets(place.lab, place.key_arn if place.lab.key else "", **place.identity)
    documents = policy_documents(place.lab.role.policies, arns)
    given = [s for document in documents.values() for s in document["Statement"]]
    statements = [_narrowed(s, set(without or []), instead or {}) for s in given]
    yield Step("role_attached", place.lab.role.name, [])
    yield Step("role_inline", place.lab.role.name, {OWN: policy(*filter(None, statements))})


def _narrowed(statement: Statement, without: set[str], instead: dict[str, str]) -> Statement | None:
    actions = [action for action in statement["Action"] if action not in without]
    resources = [instead.get(arn, arn) for arn in statement["Resource"]]
    return {**statement, "Action": actions, "Resource": resources} if actions else None


def no_rights_by_buckets(place: Place) -> Iterator[Step]:
    """Private buckets' policies only deny."""
    private = [] if place.lab.source.public else [place.lab.source.bucket]
    for name in filter(None, [*private, place.lab.destination.bucket]):
        found = buckets.read_policy(place, name)
        denials = [s for s in (found or {}).get("Statement", []) if s["Effect"] == "Deny"]
        if found and denials != found["Statement"]:
            yield Step("bucket_policy", name, policy(*denials) if denials else None)


def boundary(place: Place, actions: list[str]) -> Iterator[Step]:
    """A permissions boundary allows these actions and no others."""
    name = f"{OWN}-{place.lab.host}"
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    yield Step("managed_policy", name, policy(allowed))
    yield Step("role_boundary", place.lab.role.name, identities.managed_arn(place, name))


CHANGES = {
    "role-gone": role_gone,
    "role-misnamed": role_misnamed,
    "trust": trust,
    "deny": deny,
    "grant": grant,
    "attached": attached,
    "inline": inline,
    "rights": rights,
    "boundary": boundary,
}
