"""From an inventory host to a lab: what should exist, under which names.

The inventory's ``lab_*`` variables win over the defaults of the host's kind
(``labproof/labs/data/<group>.yml``); the result is checked before anything is asked of AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.labs import naming, switches
from labproof.labs.grants import TARGETS
from labproof.labs.kinds import COMMON_REQUIREMENTS, defaults, kind_of, known
from labproof.labs.lab import ACCOUNT, EVERYWHERE, VARIABLES, Lab, LabError, Variable
from labproof.labs.values import SOME_TEXTS, Type

# What an environment variable of the function may name
NAMEABLE = ("source_bucket", "destination_bucket", "table", "topic")
GRANTS = "{policy name: [{actions: [...], on: TARGET}]}"
CLAIMED = tuple(v for v in VARIABLES.values() if v.unique)
# What these are is told with what they may name.
OWN_WORDS = ("lab_role_policies", "lab_function_environment")


def resolve(host: str, groups: list[str], variables: dict[str, Any]) -> Lab:
    """Return the lab that an inventory host describes. Raises LabError with all problems found."""
    given = {k: v for k, v in variables.items() if k in VARIABLES and v not in (None, "")}
    kind = kind_of(host, groups, given.get("lab_kind"))
    kind_gives = {v.name: v.default for v in VARIABLES.values()} | defaults(kind, given)
    raw = kind_gives | {"lab_learner": host} | given
    values, problems = _read(host, raw)
    values |= _names_after_the_trail(values) | {"lab_kind": kind}
    problems += [*_missing(host, kind, raw), *_bad_names(host, values)]
    problems += [*_bad_grants(host, kind, raw), *_bad_environment(host, kind, raw)]
    own = {name: value for name, value in given.items() if value != kind_gives[name]}
    problems += switches.problems(host, kind, values, own)
    if problems:
        raise LabError("\n".join(problems))
    values["lab_function_environment"] = _environment(values)
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
            for name in _listed(lab.get(variable.name)):
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
    assert variable.unique == ACCOUNT  # noqa: S101 - there are no other scopes
    return (variable.name.removeprefix("lab_"), str(name), str(lab.get("account")))


def _listed(value: Any) -> list[Any]:
    """Return the names that a variable holds: none, one, or several."""
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def _read(host: str, given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the variables as their types have them, with a sentence for each unreadable one."""
    found: dict[str, Any] = {}
    problems = []
    for name, variable in VARIABLES.items():
        value = given.get(name)
        try:
            found[name] = None if value is None else variable.type.read(value)
        except ValueError as expected:
            found[name] = None
            if name not in OWN_WORDS:
                problems.append(_problem(host, name, str(expected), value))
    return found, problems


def _names_after_the_trail(values: dict[str, Any]) -> dict[str, str]:
    """Return the names of what comes with a hardened lab's trail, where the inventory has none."""
    trail, bucket = values["lab_trail"], values["lab_trail_bucket"]
    if not (values["lab_hardened"] and trail and bucket):
        return {}
    return {
        "lab_trail_role": values["lab_trail_role"] or f"{trail[:56]}-to-logs",
        "lab_log_bucket": values["lab_log_bucket"] or f"{bucket[:56].rstrip('.-')}-access",
    }


def _problem(host: str, variable: str, expected: str, found: Any) -> str:
    return f"{variable} of {host} must be {expected}, found {found!r:.80}: correct it."


def _environment(values: dict[str, Any]) -> dict[str, str]:
    """Return the function's variables with the names that they stand for; of a topic, its ARN."""
    forms = {"topic": TARGETS["topic"][1].replace("{name}", str(values["lab_topic"]))}
    return {
        name: forms.get(part, values[f"lab_{part}"])
        for name, part in values["lab_function_environment"].items()
    }


def _bad_environment(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    found, named = values["lab_function_environment"], _named(kind, values)
    parts = [part for part in NAMEABLE if f"lab_{part}" in named]
    if not isinstance(found, dict) or not all(part in parts for part in found.values()):
        expected = f"{{VARIABLE: PART}} with PART one of {', '.join(parts)}"
        return [_problem(host, "lab_function_environment", expected, found)]
    return [
        f"lab_function_environment of {host}: the variable {name!r:.80} {problem}: correct it."
        for name in found
        if (problem := naming.variable_problem(name if isinstance(name, str) else ""))
    ]


def _named(kind: str, values: dict[str, Any]) -> set[str]:
    """Return the variables that have a value; a missing one has been complained of already."""
    return {variable for variable in values if values[variable]} | set(known(kind)["requires"])


def _missing(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    return [
        f"{name} is missing for {host}: a {kind} lab needs it, so set it in the inventory."
        for name in known(kind)["requires"]
        if values.get(name) is None
    ]


def _bad_names(host: str, values: dict[str, Any]) -> list[str]:
    return [
        f"{variable.name} of {host}, {name!r}, {problem}: correct it."
        for variable in VARIABLES.values()
        if variable.rule
        for name in _listed(values[variable.name])
        if (problem := variable.rule(name))
    ]


def _bad_grants(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    """Check ``lab_role_policies``: its form, and that every target is a part of the lab."""
    policies = values["lab_role_policies"]
    if not isinstance(policies, dict) or not all(isinstance(p, list) for p in policies.values()):
        return [_problem(host, "lab_role_policies", GRANTS, policies)]
    named = _named(kind, values)
    targets = [t for t, (part, _) in TARGETS.items() if not part or f"lab_{part}" in named]
    problems = [
        f"lab_role_policies of {host}: the policy name {name!r:.80} {problem}: correct it."
        for name in policies
        if (problem := naming.policy_problem(name if isinstance(name, str) else ""))
    ]
    grants = [grant for policy in policies.values() for grant in policy]
    return problems + [p for grant in grants for p in _bad_grant(host, grant, targets)]


def _bad_grant(host: str, grant: Any, targets: list[str]) -> Iterator[str]:
    if not isinstance(grant, dict) or set(grant) != {"actions", "on"}:
        yield _problem(host, "a grant in lab_role_policies", "{actions: [...], on: TARGET}", grant)
        return
    if not _is(SOME_TEXTS, grant["actions"]):
        expected = SOME_TEXTS.expected
        yield _problem(host, "actions in lab_role_policies", expected, grant["actions"])
    if grant["on"] not in targets:
        yield _problem(host, "on in lab_role_policies", f"one of {', '.join(targets)}", grant["on"])


def _is(type_: Type, value: Any) -> bool:
    try:
        type_.read(value)
    except ValueError:
        return False
    return True
