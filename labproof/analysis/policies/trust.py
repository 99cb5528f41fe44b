"""Whom a role trusts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html
"""

from __future__ import annotations

from typing import Any

from labproof.analysis.policies.decisions import (
    EVERY_SERVICE,
    Policy,
    covers_action,
    names_in,
    statements,
)
from labproof.analysis.policies.logic import texts

LAMBDA = {"Service": ["lambda.amazonaws.com"]}
WAYS_IN = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
# What Lambda may say of itself when it assumes a role; it has no external id, address or tag.
SATISFIABLE = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}


def trusts_only_lambda(trust: Policy) -> bool:
    """Tell whether a trust policy lets Lambda, and nobody else, assume the role."""
    ways_in = [s for s in statements(trust, "Allow") if _opens(s)]
    barred = any(_bars_lambda(s) for s in statements(trust, "Deny"))
    return bool(ways_in) and all(_is_lambdas(s) for s in ways_in) and not barred


def lambda_may_assume(trust: Policy) -> bool:
    """Tell whether Lambda, whoever else, may assume a role by its trust policy."""
    barred = any(_bars_lambda(s) for s in statements(trust, "Deny"))
    return not barred and any(_lets_lambda_in(s) for s in statements(trust, "Allow"))


def _lets_lambda_in(statement: dict[str, Any]) -> bool:
    """Tell whether a statement is met by Lambda, as far as is known."""
    named = names_in(statement.get("Principal"))
    aimed = {*LAMBDA["Service"], EVERY_SERVICE} & set(named) and "Principal" in statement
    return (
        bool(aimed)
        and covers_action(statement, WAYS_IN[0]) is True
        and _keys(statement) <= SATISFIABLE
    )


def _keys(statement: dict[str, Any]) -> set[str]:
    """Return the condition keys that a statement tests, in lower case."""
    condition = statement.get("Condition") or {}
    blocks = condition.values() if isinstance(condition, dict) else [{"": condition}]
    return {str(key).lower() for block in blocks if isinstance(block, dict) for key in block}


def _opens(statement: dict[str, Any]) -> bool:
    return any(covers_action(statement, way) is not False for way in WAYS_IN)


def _is_lambdas(statement: dict[str, Any]) -> bool:
    """Tell whether a statement speaks to Lambda alone, in a way that Lambda can use."""
    principal = statement.get("Principal")
    named = {k: texts(v) for k, v in principal.items()} if isinstance(principal, dict) else {}
    return (
        {kind: sorted(set(names)) for kind, names in named.items()} == LAMBDA
        and covers_action(statement, WAYS_IN[0]) is True
        and _keys(statement) <= SATISFIABLE
    )


def _bars_lambda(statement: dict[str, Any]) -> bool:
    """Tell whether a Deny keeps Lambda out; one with a condition is aimed at somebody else."""
    named = names_in(statement.get("Principal"))
    spared = LAMBDA["Service"][0] in names_in(statement.get("NotPrincipal"))
    aimed = not spared if "NotPrincipal" in statement else {"*", *LAMBDA["Service"]} & set(named)
    return (
        bool(aimed)
        and covers_action(statement, WAYS_IN[0]) is True
        and not statement.get("Condition")
    )
