"""What is checked before a lab is touched: account, names that are taken, resources in the way.

All of it is read-only, and a problem is a sentence that names the resource and the remedy.
"""

from __future__ import annotations

from typing import Any

from labproof.aws import AwsError, Connection
from labproof.labs import Lab, LabError
from labproof.policies import as_list, covers_action, principals, statements
from labproof.readers import is_error, read_lab

# Marks what the suite has built, and for which lab: destroy.yml removes nothing else.
OWNER_TAG = "labproof-lab"
LAMBDA = {"Service": ["lambda.amazonaws.com"]}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html
WAYS_IN = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
# What Lambda may say of itself when it assumes a role; it has no external id, address or tag.
SATISFIABLE = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}


def check_account(connection: Connection) -> dict[str, str]:
    """Return who asks: ``{"account", "partition", "region"}``.

    Raises AwsError when nobody answers, on refused credentials, or on another account than
    ``aws_account_id``.
    """
    identity = connection.identity()
    expected, found = connection.account_id, identity["account"]
    if expected and expected != found:
        raise AwsError(
            f"The credentials belong to account {found}, aws_account_id asks for {expected}: "
            "use that account's credentials, or correct aws_account_id."
        )
    return identity


def ownership(lab: Lab, evidence: dict[str, Any]) -> dict[str, str]:
    """Tell for each part of a lab: ``absent``, ``ours`` (we built it), ``foreign``, ``unknown``."""

    def state(part: Any) -> str:
        if part is None:
            return "absent"
        if is_error(part) or is_error(part.get("tags")):
            return "unknown"
        return "ours" if (part.get("tags") or {}).get(OWNER_TAG) == lab.host else "foreign"

    return {name: state(part) for name, part in evidence.items()}


def conflicts(lab: Lab, evidence: dict[str, Any]) -> list[str]:
    """Return a sentence for every existing resource that the lab cannot be built on."""
    problems = [*_unreadable(lab, evidence), *_taken_buckets(lab, evidence)]
    role, table = evidence.get("role"), evidence.get("table")
    if role and not is_error(role) and not trusts_only_lambda(role["trust"]):
        problems.append(
            f"The role {lab.role!r} exists and trusts others than lambda.amazonaws.com, or not it: "
            "mend its trust policy, delete the role, or set lab_role to another name."
        )
    if table and not is_error(table) and table["key"] != wanted_key(lab):
        problems.append(
            f"The table {lab.table!r} exists with the key {_written(table['key'])}, the lab needs "
            f"{_written(wanted_key(lab))} alone: a key cannot be changed, so delete the table or "
            "set lab_table to another name."
        )
    return problems


def _written(key: list[dict[str, Any]]) -> str:
    return ", ".join(f"{k['name']} ({k['type']}, {k['role']})" for k in key)


def wanted_key(lab: Lab) -> list[dict[str, Any]]:
    """Return the key schema that the lab's table must have, as the reader gives it."""
    names = {"HASH": lab.partition_key, "RANGE": lab.sort_key}
    return [{"name": name, "role": role, "type": "S"} for role, name in names.items() if name]


def trusts_only_lambda(trust: dict[str, Any]) -> bool:
    """Tell whether a trust policy lets Lambda, and nobody else, assume the role."""
    ways_in = [s for s in statements(trust) if any(covers_action(s, way) for way in WAYS_IN)]
    barred = any(_bars_lambda(s) for s in statements(trust, "Deny"))
    return bool(ways_in) and all(_is_lambdas(s) for s in ways_in) and not barred


def _is_lambdas(statement: dict[str, Any]) -> bool:
    """Tell whether a statement speaks to Lambda alone, in a way that Lambda can use."""
    principal = statement.get("Principal")
    named = {k: as_list(v) for k, v in principal.items()} if isinstance(principal, dict) else {}
    keys = {key.lower() for block in statement.get("Condition", {}).values() for key in block}
    return named == LAMBDA and covers_action(statement, WAYS_IN[0]) and keys <= SATISFIABLE


def _bars_lambda(statement: dict[str, Any]) -> bool:
    """Tell whether a Deny keeps Lambda out; one with a condition is aimed at somebody else."""
    return (
        bool({"*", *LAMBDA["Service"]} & set(principals(statement)))
        and covers_action(statement, WAYS_IN[0])
        and not statement.get("Condition")
    )


def _unreadable(lab: Lab, evidence: dict[str, Any]) -> list[str]:
    return [
        f"{part.replace('_', ' ')} of {lab.host} cannot be read: {reading['error']['code']} from "
        f"{reading['error']['call']}; grant the right, or correct the name."
        for part, reading in evidence.items()
        if is_error(reading) and reading["error"]["code"] not in ("403", "301")
    ]


def _taken_buckets(lab: Lab, evidence: dict[str, Any]) -> list[str]:
    """HeadBucket answers 403 (or 301) for a bucket that is somebody else's or elsewhere."""
    return [
        f"The bucket name {getattr(lab, part)!r} is taken by another account or region: set "
        f"lab_{part} to another name."
        for part in ("source_bucket", "destination_bucket", "trail_bucket", "log_bucket")
        if is_error(evidence.get(part)) and evidence[part]["error"]["code"] in ("403", "301")
    ]


def inspect(lab: Lab, connection: Connection, building: bool) -> dict[str, Any]:
    """Look at a lab's account before it is touched.

    Returns ``{"identity": {...}, "ownership": {part: state}, "key_arn": ARN | ""}``. Raises
    AwsError, or LabError with a sentence per conflict when ``building``.
    """
    identity = check_account(connection)
    evidence = read_lab(lab, connection)
    if building and (problems := conflicts(lab, evidence)):
        raise LabError("\n".join(problems))
    key = evidence.get("key") or {}
    return {
        "identity": identity,
        "ownership": ownership(lab, evidence),
        "key_arn": key.get("arn", ""),
    }
