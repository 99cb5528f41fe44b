"""Who may invoke a function, statement by statement; ``of`` is FUNCTION or FUNCTION:ALIAS."""

from __future__ import annotations

import json
from typing import Any

from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings.reading import found

# The conditions that AddPermission can write, and its arguments for them.
CONDITIONS = {
    "aws:sourcearn": "SourceArn",
    "aws:sourceaccount": "SourceAccount",
    "aws:principalorgid": "PrincipalOrgID",
}

Statement = dict[str, Any]


def read_policy(place: Place, name: str) -> Any:
    answer = found(lambda: place.aws("lambda").get_policy(**_function(name)))
    return json.loads(answer["Policy"])["Statement"] if answer else []


def write_policy(place: Place, name: str, statements: Any) -> None:
    """Remove the statements that should not be there, and add those that should.

    Raises FaultError for one that could not be put back, before anything is changed.
    """
    functions, before = place.aws("lambda"), read_policy(place, name)
    going = [one for one in before if one not in statements]
    coming = [one for one in statements if one not in before]
    arguments = [_arguments(one) for one in [*going, *coming]][len(going) :]
    for one in going:
        functions.remove_permission(StatementId=one["Sid"], **_function(name))
    for argument in arguments:
        functions.add_permission(**argument, **_function(name))


def _function(name: str) -> dict[str, str]:
    function, _, alias = name.partition(":")
    return {"FunctionName": function} | ({"Qualifier": alias} if alias else {})


def _arguments(statement: Statement) -> dict[str, str]:
    """Return the arguments of AddPermission that make a statement."""
    principal = statement["Principal"]
    who = principal if isinstance(principal, str) else next(iter(principal.values()))
    limits = {
        key.lower(): value
        for block in statement.get("Condition", {}).values()
        for key, value in block.items()
    }
    if statement["Effect"] != "Allow" or not set(limits) <= set(CONDITIONS):
        raise FaultError(f"The permission {statement['Sid']} could not be made again as it is.")
    return {
        "StatementId": statement["Sid"],
        "Action": statement["Action"],
        "Principal": who,
        **{CONDITIONS[key]: value for key, value in limits.items()},
    }


SETTINGS = {"invoke_policy": (read_policy, write_policy)}
