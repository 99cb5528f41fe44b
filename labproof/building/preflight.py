"""What is checked before a lab is touched: account, names that are taken, resources in the way.

All of it is read-only, and a problem is a sentence that names the resource and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.analysis.policies import trusts_only_lambda
from labproof.aws.answers import is_error
from labproof.aws.connection import Connection, check_account
from labproof.evidence.collect import read_lab
from labproof.evidence.collect.extensions import (
    READY,
    STACK_TAG,
    part_of,
    read_extensions,
    read_indexes,
)
from labproof.labs.lab import Lab, LabError
from labproof.labs.switches import INDEX_KEY

# Marks what the suite has built, and for which lab: destroy.yml removes nothing else.
OWNER_TAG = "labproof-lab"


def ownership(lab: Lab, evidence: dict[str, Any]) -> dict[str, str]:
    """Tell for each part of a lab: ``absent``, ``ours`` (we built it), ``foreign``, ``unknown``.

    What a stack of ours has made is ours, tagged or not.
    """
    stack = evidence.get("stack")
    stacked = _resources(stack) if stack and _state(lab, stack) == "ours" else set()
    return {
        name: "ours" if part and part.get("name") in stacked else _state(lab, part)
        for name, part in evidence.items()
    }


def _state(lab: Lab, part: Any) -> str:
    if part is None:
        return "absent"
    if is_error(part) or is_error(part.get("tags")):
        return "unknown"
    return "ours" if (part.get("tags") or {}).get(OWNER_TAG) == lab.host else "foreign"


def _resources(stack: dict[str, Any]) -> set[str]:
    """Return the physical ids of a stack's resources."""
    found = stack.get("resources", {})
    return set() if is_error(found) else {name for names in found.values() for name in names}


def conflicts(lab: Lab, evidence: dict[str, Any]) -> list[str]:
    """Return a sentence for every existing resource that the lab cannot be built on."""
    problems = [*_unreadable(lab, evidence), *_taken_buckets(lab, evidence)]
    problems += _stack_conflicts(lab, evidence)
    role, table = evidence.get("role"), evidence.get("table")
    if role and not is_error(role) and not trusts_only_lambda(role["trust"]):
        problems.append(
            f"The role {lab.role.name!r} exists and trusts others than lambda.amazonaws.com, or "
            "not it: mend its trust policy, delete the role, or set lab_role to another name."
        )
    if table and not is_error(table) and table["key"] != lab.table.key:
        problems.append(
            f"The table {lab.table.name!r} exists with the key {_written(table['key'])}, the "
            f"lab needs {_written(lab.table.key)} alone: a key cannot be changed, so delete the "
            "table or set lab_table to another name."
        )
    return problems


def _written(key: list[dict[str, Any]]) -> str:
    return ", ".join(f"{k['name']} ({k['type']}, {k['role']})" for k in key)


def _unreadable(lab: Lab, evidence: dict[str, Any]) -> list[str]:
    return [
        f"{part.replace('_', ' ')} of {lab.host} cannot be read: {reading['error']['code']} from "
        f"{reading['error']['call']}; grant the right, or correct the name."
        for part, reading in evidence.items()
        if is_error(reading) and reading["error"]["code"] not in ("403", "301")
    ]


def _taken_buckets(lab: Lab, evidence: dict[str, Any]) -> list[str]:
    """HeadBucket answers 403 (or 301) for a bucket that is somebody else's or elsewhere."""
    parts = ("source_bucket", "destination_bucket", "trail_bucket", "log_bucket")
    names = {part: (f"lab_{part}", lab.names()[part]) for part in parts}
    names |= {part_of(name): ("lab_more_source_buckets", name) for name in lab.source.more_buckets}
    return [
        f"The bucket name {name!r} is taken by another account or region: set {variable} to "
        "another name."
        for part, (variable, name) in names.items()
        if is_error(evidence.get(part)) and evidence[part]["error"]["code"] in ("403", "301")
    ]


def _stack_conflicts(lab: Lab, evidence: dict[str, Any]) -> Iterator[str]:
    """CloudFormation creates only what is not there; what it made is its own to change."""
    stack = evidence.get("stack")
    there = {k: v for k, v in evidence.items() if v and not is_error(v) and k != "stack"}
    if stack and not is_error(stack):
        if _state(lab, stack) != "ours":
            yield (
                f"The stack {lab.stack.name!r} exists and is not the suite's: set lab_stack to "
                "another name, or delete the stack."
            )
        elif stack["status"] not in READY:
            yield (
                f"The stack {lab.stack.name!r} is in {stack['status']}: wait until it is done, or "
                "remove the lab with destroy.yml and build it anew."
            )
    elif lab.stack.name and there:
        yield (
            f"The stack {lab.stack.name!r} cannot create what {lab.host} has already "
            f"({_listed(there)}): remove the lab with destroy.yml, or give it other names."
        )
    elif owner := next(filter(None, map(_stack_of, there.values())), None):
        yield (
            f"Parts of {lab.host} belong to the stack {owner!r}: set lab_stack to it, or delete "
            "the stack."
        )


def _listed(parts: dict[str, Any]) -> str:
    return ", ".join(part.replace("_", " ") for part in parts)


def _stack_of(part: dict[str, Any]) -> str | None:
    tags = part.get("tags")
    return None if is_error(tags) else (tags or {}).get(STACK_TAG)


def index_conflicts(lab: Lab, indexes: Any) -> list[str]:
    """Return a sentence where the table has an index of this name with another key.

    ``indexes`` is what ``read_indexes`` gives; the index may be missing.
    """
    wanted = [
        {"name": name, "role": role, "type": "S"}
        for name, role in zip(INDEX_KEY, ("HASH", "RANGE"), strict=True)
    ]
    return [
        f"The index {index['name']!r} of {lab.table.name!r} has the key {_written(index['key'])}, "
        f"the lab needs {_written(wanted)}: an index cannot be changed, so delete it or set "
        "lab_table_index to another name."
        for index in ([] if is_error(indexes) else indexes or [])
        if index["name"] == lab.table.index and index["key"] != wanted
    ]


def inspect(lab: Lab, connection: Connection, building: bool) -> dict[str, Any]:
    """Look at a lab's account before it is touched.

    Returns ``{"identity": {...}, "ownership": {part: state}, "key_arn": ARN | ""}``. Raises
    AwsError, or LabError with a sentence per conflict when ``building``.
    """
    identity = check_account(connection)
    evidence = read_lab(lab, connection) | read_extensions(lab, connection, identity)
    if building and (problems := _all_conflicts(lab, connection, evidence)):
        raise LabError("\n".join(problems))
    key = evidence.get("key") or {}
    return {
        "identity": identity,
        "ownership": ownership(lab, evidence),
        "key_arn": key.get("arn", ""),
    }


def _all_conflicts(lab: Lab, connection: Connection, evidence: dict[str, Any]) -> list[str]:
    problems = conflicts(lab, evidence)
    if lab.table and lab.table.index:
        problems += index_conflicts(lab, read_indexes(connection, lab.table.name))
    return problems
