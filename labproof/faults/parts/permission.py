"""Who may invoke a function, statement by statement; ``of`` is FUNCTION or FUNCTION:ALIAS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from labproof.faults.errors import FaultError
from labproof.faults.parts.trigger import alias_of
from labproof.faults.place import OWN, Place
from labproof.faults.policies import Statement
from labproof.faults.setting import Setting, Step, found, named

# The conditions that AddPermission can write, by its arguments for them
CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
}
ARGUMENTS = {key.lower(): argument for argument, (_, key) in CONDITIONS.items()}


def read_permissions(place: Place, name: str) -> Any:
    answer = found(lambda: place.aws("lambda").get_policy(**request_of(name)))
    return json.loads(answer["Policy"])["Statement"] if answer else []


def write_permissions(place: Place, name: str, statements: Any) -> None:
    """Remove the statements that should not be there, and add those that should.

    Raises FaultError for one that could not be put back, before anything is changed.
    """
    functions, before = place.aws("lambda"), read_permissions(place, name)
    going = [one for one in before if one not in statements]
    coming = [one for one in statements if one not in before]
    arguments = [arguments_for(one) for one in [*going, *coming]][len(going) :]
    for one in going:
        functions.remove_permission(StatementId=one["Sid"], **request_of(name))
    for argument in arguments:
        functions.add_permission(**argument, **request_of(name))


def request_of(name: str) -> dict[str, str]:
    function, _, alias = name.partition(":")
    return {"FunctionName": function} | ({"Qualifier": alias} if alias else {})


def arguments_for(statement: Statement) -> dict[str, str]:
    """Return the arguments of AddPermission that make a statement."""
    principal = statement["Principal"]
    who = principal if isinstance(principal, str) else next(iter(principal.values()))
    limits = {
        key.lower(): value
        for block in statement.get("Condition", {}).values()
        for key, value in block.items()
    }
    if statement["Effect"] != "Allow" or not set(limits) <= set(ARGUMENTS):
        raise FaultError(f"The permission {statement['Sid']} could not be made again as it is.")
    return {
        "StatementId": statement["Sid"],
        "Action": statement["Action"],
        "Principal": who,
        **{ARGUMENTS[key]: value for key, value in limits.items()},
    }


def permission(
    place: Place, add: dict[str, str] | None = None, only: dict[str, str] | None = None
) -> Iterator[Step]:
    """The function's policy has this statement only, has it too, or has none at all.

    A statement is given as ``{"Principal", "SourceArn", "SourceAccount"}``, as AddPermission
    takes it.
    """
    alias = alias_of(place)
    name = f"{place.lab.function.name}:{alias}" if alias else place.lab.function.name
    before = read_permissions(place, name) if add else []
    given = [statement(place, one, alias) for one in (add, only) if one]
    yield Step("invoke_policy", name, [*before, *given])


def statement(place: Place, given: dict[str, str], alias: str = "") -> Statement:
    """Return a statement as GetPolicy gives it."""
    who = given["Principal"]
    arn = place.function_arn
    limits = {CONDITIONS[n][0]: {CONDITIONS[n][1]: given[n]} for n in CONDITIONS if n in given}
    return {
        "Sid": OWN,
        "Effect": "Allow",
        "Principal": {"Service": who} if who.endswith(".com") else who,
        "Action": "lambda:InvokeFunction",
        "Resource": f"{arn}:{alias}" if alias else arn,
        **({"Condition": limits} if limits else {}),
    }


PERMISSIONS = Setting(read_permissions, write_permissions)
SETTINGS = {"invoke_policy": PERMISSIONS}
CHANGES = named(permission)
