"""What the lab's role may do, and what is not known of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.analysis.policies import holder
from labproof.analysis.policies.decisions import statements
from labproof.analysis.policies.logic import as_list
from labproof.aws.answers import is_error
from labproof.evidence.snapshot import Failure, Snapshot, Unreadable

Holder = dict[str, Any]


def role(snapshot: Snapshot) -> Holder:
    """Return the role as a holder of rights; a policy that could not be read stays unknown."""
    snapshot.part("role")
    reading = snapshot.document["state"]["role"]
    boundary = reading.get("boundary")
    limit = boundary if boundary is None or is_error(boundary) else boundary["document"]
    return holder(reading, limit)


def policy_of(snapshot: Snapshot, part: str) -> Any:
    """Return the resource policy of a part: None where there is none, or an error as data."""
    found = snapshot.document["state"].get(part)
    return found if found is None or is_error(found) else found.get("policy")


def policy_of_source(snapshot: Snapshot, arn: str) -> Any:
    """Return the policy of one of the source buckets, as ``policy_of`` does."""
    if arn == snapshot.arn("source"):
        return policy_of(snapshot, "source_bucket")
    others = snapshot.document["state"].get("more_source_buckets") or {}
    found = others if is_error(others) else others.get(arn.rpartition(":")[2])
    return found if found is None or is_error(found) else found.get("policy")


def sure(holds: bool, policies: list[Any], expected: str, found: str) -> None:
    """Raise unless a right is sure: Unreadable where a policy was not to be read, else Failure."""
    if holds:
        return
    for unread in filter(is_error, policies):
        raise Unreadable(unread["error"])
    raise Failure(expected, found)


def policies(who: Holder, *more: Any) -> list[Any]:
    return [*who["documents"], who["boundary"], *more]


def granted(who: Holder) -> Iterator[str]:
    """Yield the actions that a role's policies allow, as they are written."""
    for document in who["documents"]:
        for statement in statements(document, "Allow"):
            actions = statement.get("Action") or f"all but {statement.get('NotAction')}"
            yield from map(str, as_list(actions))


def told(who: Holder) -> str:
    """Say in short what a role's policies allow."""
    actions = sorted(set(granted(who)))
    return f"policies that allow {', '.join(actions) or 'nothing'}, or too little of it"
