"""What names a part of the lab: the grants of its role, the variables of its function.

The checks return a sentence per problem; ``named`` are the variables that have a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.labs import naming
from labproof.labs.arns import FORMS
from labproof.labs.declaring import problem
from labproof.labs.grants import TARGETS
from labproof.labs.values import SOME_TEXTS

# What an environment variable of the function may name
NAMEABLE = ("source_bucket", "destination_bucket", "table", "topic")


def bad_grants(host: str, policies: dict[Any, list[Any]], named: set[str]) -> Iterator[str]:
    """Check ``lab_role_policies``: the policies' names, and that grants are on parts of the lab."""
    where = f"lab_role_policies of {host}"
    targets = [t for t, (part, _) in TARGETS.items() if not part or f"lab_{part}" in named]
    for name, grants in policies.items():
        if refused := naming.policy_problem(name if isinstance(name, str) else ""):
            yield f"{where}: the policy name {name!r:.80} {refused}: correct it."
        for grant in grants:
            yield from _bad_grant(where, grant, targets)


def _bad_grant(where: str, grant: Any, targets: list[str]) -> Iterator[str]:
    if not isinstance(grant, dict) or set(grant) != {"actions", "on"}:
        yield problem(f"a grant in {where}", "{actions: [...], on: TARGET}", grant)
        return
    try:
        SOME_TEXTS.read(grant["actions"])
    except ValueError as expected:
        yield problem(f"actions in {where}", str(expected), grant["actions"])
    if grant["on"] not in targets:
        yield problem(f"on in {where}", f"one of {', '.join(targets)}", grant["on"])


def bad_environment(host: str, environment: Any, named: set[str]) -> Iterator[str]:
    """Check ``lab_function_environment``: that it maps names of variables to parts of the lab."""
    where = f"lab_function_environment of {host}"
    parts = [part for part in NAMEABLE if f"lab_{part}" in named]
    if not isinstance(environment, dict) or not all(p in parts for p in environment.values()):
        yield problem(where, f"{{VARIABLE: PART}} with PART one of {', '.join(parts)}", environment)
        return
    for name in environment:
        if refused := naming.variable_problem(name if isinstance(name, str) else ""):
            yield f"{where}: the variable {name!r:.80} {refused}: correct it."


def environment(values: dict[str, Any]) -> dict[str, str]:
    """Return the function's variables with the names that they stand for; of a topic, its ARN."""
    forms = {"topic": FORMS["topic"].replace("{name}", str(values["lab_topic"]))}
    return {
        name: forms.get(part, values[f"lab_{part}"])
        for name, part in values["lab_function_environment"].items()
    }
