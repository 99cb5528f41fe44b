"""Reading policy statements: who may do what, as far as a statement's own words go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

READING = "s3:get"  # the beginning of all S3 actions that read, and of no other
PLAIN_HTTP = {"aws:securetransport": ["false"]}
# No pattern spells this character out, so a pattern that takes in two keys of it, the shortest and
# the longest that S3 allows, takes in every key.
ANY = "\0"
KEY_LENGTHS = (1, 1024)


def as_list(value: Any) -> list[Any]:
    """Policies write one value where they mean a list of one."""
    return [] if value is None else value if isinstance(value, list) else [value]


def statements(policy: dict[str, Any] | None, effect: str = "Allow") -> Iterator[dict[str, Any]]:
    """Yield a policy's statements of one effect."""
    return (s for s in as_list((policy or {}).get("Statement")) if s.get("Effect") == effect)


def principals(statement: dict[str, Any]) -> list[str]:
    """Return everyone a statement names; NotPrincipal names everyone but a few, so ``*``."""
    return ["*"] if "NotPrincipal" in statement else _named(statement.get("Principal"))


def _named(principal: Any) -> list[str]:
    if isinstance(principal, dict):
        return [p for value in principal.values() for p in as_list(value)]
    return as_list(principal)


def matches(pattern: str, text: str) -> bool:
    """Compare as IAM does: ``*`` is any run of characters, ``?`` any one."""
    literal = "".join("." if c == "?" else c if c == "*" else re.escape(c) for c in pattern)
    first, *rest = literal.split("*")
    # Atomic groups: what lies between two stars is best found early, so no way is tried twice.
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return (
        re.fullmatch(first + middle + "".join(f".*{p}" for p in rest[-1:]), text, re.S) is not None
    )


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
    named = statement.get("Principal")
    everyone = as_list(named.get("AWS") if isinstance(named, dict) else named)
    return "*" in everyone and not statement.get("Condition")


def public_reads(policy: dict[str, Any] | None, objects_arn: str) -> bool:
    """Tell whether anyone may read every object below ``objects_arn`` (``arn:…:bucket/*``).

    A Deny of plain HTTP takes nothing away; any other that may hit a stranger's reading does.
    """
    bucket_arn = objects_arn.removesuffix("*")
    allowed = any(
        is_public(s) and covers_action(s, "s3:GetObject") and _covers_all(s, bucket_arn)
        for s in statements(policy)
    )
    denied = any(
        "*" in principals(s)
        and covers_action(s, "s3:GetObject")
        and _covers_some(s, bucket_arn)
        and not _plain_http_only(s)
        for s in statements(policy, "Deny")
    )
    return allowed and not denied


def beyond_reading(policy: dict[str, Any] | None, account: str) -> list[str]:
    """Return the actions that a bucket policy gives to others than the account, reading aside."""
    return [
        action
        for s in statements(policy)
        if any(account not in (p, *p.split(":")[4:5]) for p in principals(s))
        for action in as_list(s.get("Action")) or ["NotAction"]
        if not action.lower().startswith(READING)
    ]


def grants(policy: dict[str, Any] | None, principal: str, action: str, resource: str) -> bool:
    """Tell whether a bucket policy lets ``principal`` (an ARN) do ``action`` on ``resource``."""

    def speaks(statement: dict[str, Any]) -> bool:
        return (
            bool({"*", principal} & set(principals(statement)))
            and principal not in _named(statement.get("NotPrincipal"))
            and not statement.get("Condition")
            and covers_action(statement, action)
            and covers_resource(statement, resource)
        )

    return any(map(speaks, statements(policy))) and not any(map(speaks, statements(policy, "Deny")))


def _covers_all(statement: dict[str, Any], bucket_arn: str) -> bool:
    """Tell whether a statement takes in every object of a bucket (``arn:…:bucket/``)."""
    if "NotResource" in statement:
        return not any(_overlaps(r, bucket_arn) for r in as_list(statement["NotResource"]))
    return any(_is_whole(r, bucket_arn) for r in as_list(statement.get("Resource")))


def _covers_some(statement: dict[str, Any], bucket_arn: str) -> bool:
    """Tell whether a statement takes in any object of a bucket."""
    if "NotResource" in statement:
        return not any(_is_whole(r, bucket_arn) for r in as_list(statement["NotResource"]))
    return any(_overlaps(r, bucket_arn) for r in as_list(statement.get("Resource")))


def _is_whole(pattern: str, bucket_arn: str) -> bool:
    return all(matches(pattern, bucket_arn + ANY * length) for length in KEY_LENGTHS)


def _overlaps(pattern: str, bucket_arn: str) -> bool:
    return any(matches(pattern[:end], bucket_arn) for end in range(len(pattern) + 1))


def _plain_http_only(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition", {})
    values = {
        key.lower(): [str(v).lower() for v in as_list(value)]
        for block in conditions.values()
        for key, value in block.items()
    }
    return set(conditions) <= {"Bool", "BoolIfExists"} and values == PLAIN_HTTP
