"""What is checked before a lab is touched: account, names that are taken, resources in the way.

All of it is read-only, and a problem is a sentence that names the resource and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.analysis.extensions import READY
from labproof.analysis.policies import trusts_only_lambda
from labproof.aws.answers import is_error
from labproof.aws.connection import Connection, check_account
from labproof.evidence.collect.survey import survey
from labproof.labs.arns import names
from labproof.labs.lab import Lab, LabError
from labproof.labs.switches import INDEX_KEY

# Marks what the suite has built, and for which lab: destroy.yml removes nothing else.
OWNER_TAG = "labproof-lab"
STACK_TAG = "aws:cloudformation:stack-name"
# HeadBucket's answers for a bucket that is somebody else's, or elsewhere
TAKEN = ("403", "301")
KEY_OF_INDEX = [
    {"name": name, "role": role, "type": "S"}
    for name, role in zip(INDEX_KEY, ("HASH", "RANGE"), strict=True)
]

Readings = dict[str, Any]


def inspect(lab: Lab, connection: Connection, building: bool) -> dict[str, Any]:
    """Look at a lab's account before it is touched.

    Returns ``{"identity": {...}, "ownership": {part: state}, "key_arn": ARN | ""}``. Raises
    AwsError, or LabError with a sentence per conflict when ``building``.
    """
    identity = check_account(connection)
    found = survey(lab, connection, identity)
    if building and (problems := conflicts(lab, found)):
        raise LabError("\n".join(problems))
    key_arn = (found.get("key") or {}).get("arn", "")
    return {"identity": identity, "ownership": ownership(lab, found), "key_arn": key_arn}


def ownership(lab: Lab, found: Readings) -> dict[str, str]:
    """Tell for each part of a lab: ``absent``, ``ours`` (we built it), ``foreign``, ``unknown``.

    What a stack of ours has made is ours, tagged or not.
    """
    stack = found.get("stack")
    stacked = _resources(stack) if stack and _state(lab, stack) == "ours" else set()
    return {
        name: "ours" if part and part.get("name") in stacked else _state(lab, part)
        for name, part in found.items()
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


def conflicts(lab: Lab, found: Readings) -> list[str]:
    """Return a sentence for every existing resource that the lab cannot be built on."""
    there = {part: reading for part, reading in found.items() if reading and not is_error(reading)}
    unread = [
        _unread(lab, part, reading["error"]) for part, reading in found.items() if is_error(reading)
    ]
    return [*unread, *_stack_conflicts(lab, there), *_role(lab, there), *_table(lab, there)]


def _unread(lab: Lab, part: str, error: dict[str, str]) -> str:
    if error["code"] in TAKEN:
        variable = "more_source_buckets" if " " in part else part
        return (
            f"The bucket name {names(lab)[part]!r} is taken by another account or region: set "
            f"lab_{variable} to another name."
        )
    return (
        f"{part.replace('_', ' ')} of {lab.host} cannot be read: {error['code']} from "
        f"{error['call']}; grant the right, or correct the name."
    )


def _stack_conflicts(lab: Lab, there: Readings) -> Iterator[str]:
    """CloudFormation creates only what is not there; what it made is its own to change."""
    stack, parts = there.get("stack"), {k: v for k, v in there.items() if k != "stack"}
    if stack and _state(lab, stack) != "ours":
        yield (
            f"The stack {lab.stack.name!r} exists and is not the suite's: set lab_stack to "
            "another name, or delete the stack."
        )
    elif stack and stack["status"] not in READY:
        yield (
            f"The stack {lab.stack.name!r} is in {stack['status']}: wait until it is done, or "
            "remove the lab with destroy.yml and build it anew."
        )
    elif lab.stack and parts and not stack:
        listed = ", ".join(part.replace("_", " ") for part in parts)
        yield (
            f"The stack {lab.stack.name!r} cannot create what {lab.host} has already "
            f"({listed}): remove the lab with destroy.yml, or give it other names."
        )
    elif not stack and (owner := next(filter(None, map(_stack_of, parts.values())), None)):
        yield (
            f"Parts of {lab.host} belong to the stack {owner!r}: set lab_stack to it, or delete "
            "the stack."
        )


def _stack_of(part: dict[str, Any]) -> str | None:
    tags = part.get("tags")
    return None if is_error(tags) else (tags or {}).get(STACK_TAG)


def _role(lab: Lab, there: Readings) -> Iterator[str]:
    if "role" in there and not trusts_only_lambda(there["role"]["trust"]):
        yield (
            f"The role {lab.role.name!r} exists and trusts others than lambda.amazonaws.com, or "
            "not it: mend its trust policy, delete the role, or set lab_role to another name."
        )


def _table(lab: Lab, there: Readings) -> Iterator[str]:
    """A table's key cannot be changed, nor can an index; one that is missing can be added."""
    table = there.get("table")
    if table and table["key"] != lab.table.key:
        yield (
            f"The table {lab.table.name!r} exists with the key {_written(table['key'])}, the "
            f"lab needs {_written(lab.table.key)} alone: a key cannot be changed, so delete the "
            "table or set lab_table to another name."
        )
    for index in table["indexes"] if table else []:
        if index["name"] == lab.table.index and index["key"] != KEY_OF_INDEX:
            yield (
                f"The index {index['name']!r} of {lab.table.name!r} has the key "
                f"{_written(index['key'])}, the lab needs {_written(KEY_OF_INDEX)}: an index "
                "cannot be changed, so delete it or set lab_table_index to another name."
            )


def _written(key: list[dict[str, Any]]) -> str:
    return ", ".join(f"{k['name']} ({k['type']}, {k['role']})" for k in key)
