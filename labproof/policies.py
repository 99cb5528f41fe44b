"""Reading policy statements: who may do what, as far as a statement's own words go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

READ_ACTIONS = {"s3:getobject", "s3:getobjectversion"}


def as_list(value: Any) -> list[Any]:
    """Policies write one value where they mean a list of one."""
    return [] if value is None else value if isinstance(value, list) else [value]


def statements(policy: dict[str, Any] | None, effect: str = "Allow") -> Iterator[dict[str, Any]]:
    """Yield a policy's statements of one effect."""
    return (s for s in as_list((policy or {}).get("Statement")) if s.get("Effect") == effect)


def principals(statement: dict[str, Any]) -> list[str]:
    """Return everyone a statement names; ``*`` in any form is ``*``."""
    named = statement.get("Principal")
    if isinstance(named, dict):
        return [p for value in named.values() for p in as_list(value)]
    return as_list(named)


def matches(pattern: str, text: str) -> bool:
    """Compare as IAM does: ``*`` is any run of characters, ``?`` any one."""
    parts = ["[\\s\\S]*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern]
    return re.fullmatch("".join(parts), text) is not None


def covers_action(statement: dict[str, Any], action: str) -> bool:
    """Tell whether a statement's Action (or NotAction) takes in ``action``."""
    wanted = action.lower()
    if "NotAction" in statement:
        return not any(matches(a.lower(), wanted) for a in as_list(statement["NotAction"]))
    return any(matches(a.lower(), wanted) for a in as_list(statement.get("Action")))


def covers_resource(statement: dict[str, Any], resource: str) -> bool:
    """Tell whether a statement's Resource (or NotResource) takes in ``resource``."""
    if "NotResource" in statement:
        return not any(matches(r, resource) for r in as_list(statement["NotResource"]))
    return any(matches(r, resource) for r in as_list(statement.get("Resource")))


def is_public(statement: dict[str, Any]) -> bool:
    """Tell whether a statement speaks to everyone, under no condition."""
    return "*" in principals(statement) and not statement.get("Condition")


def public_reads(policy: dict[str, Any] | None, objects_arn: str) -> bool:
    """Tell whether anyone may read every object below ``objects_arn`` (``arn:…:bucket/*``)."""
    allowed = any(
        is_public(s) and covers_action(s, "s3:GetObject") and covers_resource(s, objects_arn)
        for s in statements(policy)
    )
    denied = any(
        "*" in principals(s) and covers_action(s, "s3:GetObject")
        for s in statements(policy, "Deny")
        if any(matches(objects_arn, r) or matches(r, objects_arn) for r in as_list(s["Resource"]))
    )
    return allowed and not denied


def beyond_reading(policy: dict[str, Any] | None, account: str) -> list[str]:
    """Return the actions that a bucket policy gives to others than the account, reading aside."""
    return [
        action
        for s in statements(policy)
        if any(account not in p for p in principals(s))
        for action in as_list(s.get("Action")) or ["NotAction"]
        if action.lower() not in READ_ACTIONS
    ]


def grants(policy: dict[str, Any] | None, principal: str, action: str, resource: str) -> bool:
    """Tell whether a bucket policy lets ``principal`` (an ARN) do ``action`` on ``resource``."""
    return any(
        {"*", principal} & set(principals(s))
        and not s.get("Condition")
        and covers_action(s, action)
        and covers_resource(s, resource)
        for s in statements(policy)
    )
