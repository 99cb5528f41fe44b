"""The kinds of lab: what each requires of the inventory, and what it gives."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from labproof.labs.lab import LabError

# The ids that every lab has, whatever its kind
COMMON_REQUIREMENTS = (
    *("source-bucket.exists", "role.exists", "role.trusts-lambda", "role.can-write-logs"),
    *("function.exists", "function.runtime", "function.uses-role", "function.deployed"),
    *("trigger.permission", "trigger.configured", "transfer.invoked"),
    *("logs.group", "logs.no-errors", "logs.metrics"),
)
# What a group must give that describes a kind of its own (``lab_kind``).
OWN_KIND: dict[str, Any] = {
    "requires": [
        "lab_flow",
        "lab_source_bucket",
        "lab_role",
        "lab_function",
        "lab_function_source",
        "lab_trigger_events",
    ],
    "defaults": {},
}


@cache
def kinds() -> dict[str, dict[str, Any]]:
    """Return the known kinds of lab: ``{group: {"requires": [...], "defaults": {...}}}``."""
    folder = resources.files("labproof.labs") / "data"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yml")]
    return {f.name.removesuffix(".yml"): yaml.safe_load(f.read_text("utf-8")) for f in files}


def known(kind: str) -> dict[str, Any]:
    """Return what a kind requires and gives; a kind of the inventory's own gives nothing."""
    return kinds().get(kind, OWN_KIND)


def kind_of(host: str, groups: list[str], own_kind: str | None = None) -> str:
    """Return the kind of lab of a host: ``lab_kind``, or the one known group that it is in.

    A group that sets ``lab_kind`` describes a kind of its own, by the same variables. Raises
    LabError.
    """
    if own_kind is not None:
        if not isinstance(own_kind, str):
            raise LabError(
                f"lab_kind of {host} must be a text, in quotes, found {own_kind!r:.80}: correct it."
            )
        return own_kind
    found = sorted(set(groups) & set(kinds()))
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(kinds()))
    if not found:
        raise LabError(
            f"{host} is no known lab: put it into one of the groups {names}, or set lab_kind."
        )
    raise LabError(f"{host} is in the groups {' and '.join(found)}: a lab is of one kind only.")


def defaults(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a kind gives, with what each extension adds whose switch is on."""
    found: dict[str, Any] = known(kind)["defaults"]
    for switch, more in known(kind).get("extensions", {}).items():
        if given.get(switch):
            found = _joined(found, more)
    return found


def requirements(kind: str) -> frozenset[str]:
    """Return the ids of a known kind of lab, those that its switches add among them."""
    known = kinds()[kind]
    added = (known["defaults"], *known.get("extensions", {}).values())
    own = (i for one in added for i in one.get("lab_requirements", ()))
    return frozenset((*COMMON_REQUIREMENTS, *own))


@cache
def every_requirement() -> frozenset[str]:
    """Return the ids of all known kinds."""
    return frozenset().union(*map(requirements, kinds()))


def _joined(first: Any, second: Any) -> Any:
    """Join lists, and dictionaries key by key; of anything else, take the second."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {k: _joined(first[k], v) for k, v in second.items() if k in first}
        return first | second | both
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    return second
