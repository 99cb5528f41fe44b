"""Policy documents: parsed, and held against the grammar that all policies share.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from labproof.analysis.policies import is_operator
from labproof.analysis.policies.logic import as_list

POLICY_FIELDS = {"Version", "Id", "Statement"}
STATEMENT_FIELDS = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
VERSIONS = ("2012-10-17", "2008-10-17")
ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}

Statement = dict[str, Any]


def parsed(text: Any) -> Any:
    """Return a policy as data; None for what is no JSON object."""
    if isinstance(text, dict):
        return text
    try:
        found = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def statements(policy: dict[str, Any]) -> list[Statement]:
    return [s for s in as_list(policy.get("Statement")) if isinstance(s, dict)]


def syntax_problem(policy: dict[str, Any]) -> str:
    """Return what breaks the grammar that all policies share; empty where nothing does."""
    return next(_syntax_problems(policy), "")


def _syntax_problems(policy: dict[str, Any]) -> Iterator[str]:
    if unknown := set(policy) - POLICY_FIELDS:
        yield f"Unknown field {min(unknown)}"
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        yield "The policy must contain a valid version string"
    if "Statement" not in policy:
        yield "Missing required field Statement"
    if len(statements(policy)) < len(as_list(policy.get("Statement"))):
        yield "Syntax errors in policy."
    for statement in statements(policy):
        yield from _statement_problems(statement)


def _statement_problems(statement: Statement) -> Iterator[str]:
    if unknown := set(statement) - STATEMENT_FIELDS:
        yield f"Unknown field {min(unknown)}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "Invalid effect" if "Effect" in statement else "Missing required field Effect"
    for name in ("Action", "Resource", "Principal"):
        if name in statement and f"Not{name}" in statement:
            yield f"Statement holds both {name} and Not{name}"
    if "Action" not in statement and "NotAction" not in statement:
        yield "Missing required field Action"
    for action in as_list(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not ACTION.fullmatch(action):
            yield (
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                if isinstance(action, str) and ":" not in action
                else "Syntax errors in policy."
            )
    yield from _condition_problems(statement.get("Condition", {}))


def _condition_problems(condition: Any) -> Iterator[str]:
    if not isinstance(condition, dict) or not all(isinstance(b, dict) for b in condition.values()):
        yield "Syntax errors in policy."
        return
    for operator in condition:
        if not is_operator(operator):
            yield f"Invalid Condition type : {operator}."


def principals(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield each principal that a statement names, with its kind; everyone is ``*``."""
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(named, dict):
        for kind, names in named.items():
            yield from ((kind, str(name)) for name in as_list(names))
    elif named is not None:
        yield "AWS", str(named)
