"""From an inventory host to a lab: what should exist, under which names.

The inventory's ``lab_*`` variables win over the defaults of the host's kind
(``labproof/labs/data/<group>.yml``); the result is checked before anything is asked of AWS.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from labproof.labs import references, switches
from labproof.labs.declaring import EVERYWHERE, Variable, read
from labproof.labs.kinds import COMMON_REQUIREMENTS, defaults, kind_of, known
from labproof.labs.lab import VARIABLES, Lab, LabError

CLAIMED = tuple(v for v in VARIABLES.values() if v.unique)


def resolve(host: str, groups: list[str], variables: dict[str, Any]) -> Lab:
    """Return the lab that an inventory host describes. Raises LabError with all problems found."""
    given = {k: v for k, v in variables.items() if k in VARIABLES and v not in (None, "")}
    kind = kind_of(host, groups, given.get("lab_kind"))
    kind_gives = defaults(kind, given)
    raw = kind_gives | given
    values, problems = _read(host, raw)
    values["lab_kind"] = kind
    values |= _derived(values | {"inventory_hostname": host})
    # A missing name has been complained of already.
    named = {name for name in raw if raw[name]} | set(known(kind)["requires"])
    problems += [
        *_missing(host, kind, raw),
        *_bad_names(host, values),
        *references.bad_grants(host, values["lab_role_policies"], named),
        *references.bad_environment(host, values["lab_function_environment"], named),
        *switches.problems(host, kind, values, _own(given, kind_gives)),
    ]
    if problems:
        raise LabError("\n".join(problems))
    values["lab_function_environment"] = references.environment(values)
    values["lab_requirements"] = (*COMMON_REQUIREMENTS, *values["lab_requirements"])
    return Lab.of_values(host, values)


def shared_names(labs: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for every name that two labs claim.

    Each entry holds a lab's ``host``, its ``account`` (anything that tells accounts apart) and its
    ``lab_*`` names.
    """
    owners: dict[tuple[str, ...], list[str]] = {}
    for lab in labs:
        for variable in CLAIMED:
            for name in variable.names(lab.get(variable.name)):
                owners.setdefault(_claim(variable, name, lab), []).append(
                    f"{variable.name} of {lab['host']}"
                )
    return [
        f"The {what[0]} {what[1]!r} is claimed twice, by {' and by '.join(names)}: "
        "give each lab a name of its own."
        for what, names in owners.items()
        if len(names) > 1
    ]


def _claim(variable: Variable, name: Any, lab: dict[str, Any]) -> tuple[str, ...]:
    if variable.unique == EVERYWHERE:
        return ("bucket", str(name))
    return (variable.name.removeprefix("lab_"), str(name), str(lab.get("account")))


def _read(host: str, raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return all variables as their types have them, with a sentence for each unreadable one."""
    problems: list[str] = []
    values = {
        name: read(variable, host, raw[name], problems) if name in raw else copy(variable.default)
        for name, variable in VARIABLES.items()
    }
    return values, problems


def _derived(values: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults that are made of other values, where there is no value."""
    return {
        name: variable.derive(values)
        for name, variable in VARIABLES.items()
        if variable.derive and not values[name]
    }


def _own(given: dict[str, Any], kind_gives: dict[str, Any]) -> dict[str, Any]:
    """Return what the inventory changes of what it would have without it."""
    usual = {name: variable.default for name, variable in VARIABLES.items()} | kind_gives
    return {name: value for name, value in given.items() if value != usual[name]}


def _missing(host: str, kind: str, raw: dict[str, Any]) -> list[str]:
    return [
        f"{name} is missing for {host}: a {kind} lab needs it, so set it in the inventory."
        for name in known(kind)["requires"]
        if name not in raw
    ]


def _bad_names(host: str, values: dict[str, Any]) -> list[str]:
    return [
        f"{variable.name} of {host}, {name!r}, {refused}: correct it."
        for variable in VARIABLES.values()
        if variable.rule
        for name in variable.names(values[variable.name])
        if (refused := variable.rule(name))
    ]
