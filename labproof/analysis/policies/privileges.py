"""What a role's policies give beyond what its lab needs.

Judged by the grants as they are written, as a reviewer reads them: a Deny, a condition or a
boundary that cuts a wide grant down does not make it a narrow one, for the width comes back the day
the cut is changed.
https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from labproof.analysis.policies.decisions import Policy, statements
from labproof.analysis.policies.logic import texts
from labproof.analysis.policies.patterns import WILDCARDS, includes

Allowed = Mapping[str, list[str]]  # action, in lower case: patterns of the resources it may be on


def allowed_rights(rights: Iterable[tuple[Iterable[str], Iterable[str]]]) -> dict[str, list[str]]:
    """Return what is allowed by action, from pairs of actions and resource patterns."""
    found: dict[str, list[str]] = {}
    for actions, resources in rights:
        patterns = list(resources)
        for action in actions:
            found.setdefault(action.lower(), []).extend(patterns)
    return found


def beyond(
    documents: Iterable[Policy], rights: Iterable[tuple[Iterable[str], Iterable[str]]]
) -> list[str]:
    """Return a sentence for each grant beyond ``rights``, pairs of actions and resource patterns.

    A wildcard in an action is always beyond: it takes in actions that AWS has yet to add. So are
    NotAction and NotResource. A grant that AWS knows no request for is not: an object's action on
    the bucket, or a bucket's on the objects, as one statement for both gives.
    """
    allowed = allowed_rights(rights)
    found = [
        problem
        for document in documents
        for statement in statements(document, "Allow")
        for problem in _in_statement(statement, allowed)
    ]
    return list(dict.fromkeys(found))


def _in_statement(statement: dict[str, Any], allowed: Allowed) -> Iterator[str]:
    if "NotAction" in statement:
        excepted = ", ".join(texts(statement["NotAction"]))
        yield f"NotAction allows every action but {excepted:.200}: name the actions instead."
        return
    if "NotResource" in statement:
        excepted = ", ".join(texts(statement["NotResource"]))
        yield f"NotResource allows all resources but {excepted:.200}: name the resources instead."
        return
    actions, resources = (dict.fromkeys(texts(statement.get(k))) for k in ("Action", "Resource"))
    for action in actions:
        yield from _in_action(action, list(resources), allowed)


def _in_action(action: str, resources: list[str], allowed: Allowed) -> Iterator[str]:
    if WILDCARDS.search(action):
        yield f"{action:.200} is a wildcard action: name each action that the lab needs."
        return
    if action.lower() not in allowed:
        yield f"{action:.200} on {', '.join(resources):.200} is an action the lab does not need."
        return
    fine = allowed[action.lower()]
    for resource in resources:
        if not any(_is_within(resource, pattern) for pattern in fine):
            yield f"{action} on {resource:.200} is wider than the lab needs: {', '.join(fine)}."


def _is_within(resource: str, pattern: str) -> bool:
    """Tell whether a grant lies within a pattern, or beside it where it has no effect."""
    partition = pattern.split(":")[1] if pattern.count(":") > 1 else "*"
    grant = resource.replace("arn:*:", f"arn:{partition}:", 1)  # no account is in two partitions
    below, above = grant.startswith(f"{pattern}/"), f"{grant}/*" == pattern
    return below or above or includes(pattern, grant)
