"""The catalogue of faults, as data: ``labproof/faults/data/*.yml``.

Each fault has a ``name``, a sentence that ``says`` what is wrong, the ``kinds`` of lab it is for,
its ``changes``, the ids that it ``fails``, and those ``blocked`` in consequence (``area.*`` stands
for a whole area, ``pipeline`` for all that uploads show). ``needs`` limits it to labs whose
attribute holds a value: a name among its policies, an id among its requirements. ``seconds`` is how
long uploads are worth following where they have no effect, or not all of them.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from labproof.faults.errors import FaultError
from labproof.faults.parts import CHANGES
from labproof.labs.kinds import kinds, requirements
from labproof.labs.lab import Lab

FOLDER = Path(__file__).parent / "data"
# Ids that no fault makes fail, each with the reason.
UNPLANTABLE = {
    "trail.recorded": "AWS keeps the event history by itself, and of a trail that does not log "
    "trail.logging is blamed",
    "metadata.template": "CloudFormation does not take resources back as they were, so that a "
    "stack which is gone could not be mended",
}
# What uploads show, which nothing can be seen of when the pipeline stands still.
GROUPS = {"pipeline": ("transfer.", "metadata.", "ingest.", "logs.")}
FIELDS = {"name", "says", "kinds", "changes", "fails", "blocked", "needs", "seconds", "area"}
MOST_NEAR = 3


@dataclass(frozen=True)
class Fault:
    """One fault; ``changes`` are pairs of a change's name and its arguments."""

    name: str
    says: str
    kinds: tuple[str, ...]
    changes: tuple[tuple[str, dict[str, Any]], ...]
    fails: frozenset[str]
    blocked: frozenset[str]
    needs: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None
    area: str = ""

    def fits(self, lab: Lab) -> bool:
        """Tell whether a fault is for a lab."""
        needed = all(value in lab.names()[name] for name, value in self.needs)
        return lab.kind in self.kinds and needed and bool(self.fails & set(lab.requirements))


@cache
def catalogue() -> dict[str, Fault]:
    """Return all faults by their names. Raises FaultError with every problem of the data."""
    entries = [
        entry | {"area": path.stem}
        for path in sorted(FOLDER.glob("*.yml"))
        for entry in yaml.safe_load(path.read_text("utf-8"))
    ]
    if problems := [p for entry in entries for p in _problems(entry)] + _twice(entries):
        raise FaultError("\n".join(problems))
    return {entry["name"]: _fault(entry) for entry in entries}


def fault(name: str, lab: Lab) -> Fault:
    """Return a fault for a lab by its name. Raises FaultError."""
    known = catalogue()
    if name not in known:
        near = get_close_matches(name, known, MOST_NEAR) or sorted(known)[:MOST_NEAR]
        raise FaultError(f"There is no fault {name!r}: {' or '.join(near)} may be meant.")
    if not known[name].fits(lab):
        raise FaultError(
            f"The fault {name} is not for {lab.host}, a {lab.kind} lab: "
            f"`ansible-playbook break.yml -l {lab.host}` lists those that are."
        )
    return known[name]


def for_lab(lab: Lab) -> list[Fault]:
    """Return the faults that fit a lab."""
    return [one for one in catalogue().values() if one.fits(lab)]


def _fault(entry: dict[str, Any]) -> Fault:
    fails, ids = frozenset(entry["fails"]), _ids(entry)
    blocked = frozenset(i for p in entry.get("blocked", []) for i in _meant(p, ids))
    read = {
        "kinds": tuple(entry["kinds"]),
        "changes": tuple(pair for change in entry["changes"] for pair in _named(change)),
        "fails": fails,
        "blocked": blocked - fails,
        "needs": tuple(entry.get("needs", {}).items()),
    }
    return Fault(**entry | read)


def _ids(entry: dict[str, Any]) -> frozenset[str]:
    """Return the ids of the requirements that any of a fault's labs has."""
    return frozenset[str]().union(*(requirements(kind) for kind in entry["kinds"]))


def _named(change: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a change's name and arguments; one without arguments is its name alone."""
    if isinstance(change, str):
        yield change, {}
    else:
        yield from change.items()


def _meant(pattern: str, ids: frozenset[str]) -> set[str]:
    """Return the ids that one of them, ``area.*`` or the name of a group stands for."""
    if pattern in ids:
        return {pattern}
    begun = (pattern[:-1],) if pattern.endswith(".*") else GROUPS.get(pattern, ())
    return {i for i in ids if i.startswith(begun)}


def _problems(entry: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for all that is wrong with an entry."""
    name = entry.get("name", "a fault without a name")
    if missing := {"name", "says", "kinds", "changes", "fails"} - set(entry):
        yield f"{name} has no {', '.join(sorted(missing))}."
        return
    if unknown := set(entry) - FIELDS:
        yield f"{name} has the unknown fields {', '.join(sorted(unknown))}."
    if unknown := set(entry["kinds"]) - set(kinds()):
        yield f"{name} is for unknown kinds: {', '.join(sorted(unknown))}."
        return
    yield from _unknown_ids(entry)
    yield from (p for c in entry["changes"] for pair in _named(c) for p in _wrong(name, *pair))
    for kind in entry["kinds"]:
        if not requirements(kind) & set(entry["fails"]):
            yield f"{name} fails nothing of a {kind} lab."


def _unknown_ids(entry: dict[str, Any]) -> Iterator[str]:
    ids = _ids(entry)
    for given in (*entry["fails"], *entry.get("blocked", [])):
        if not _meant(given, ids) or (given in entry["fails"] and given not in ids):
            yield f"{entry['name']} speaks of {given}, which none of its labs has."


def _wrong(fault: str, name: str, arguments: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a change: no such one, or not with these arguments."""
    if name not in CHANGES:
        yield f"{fault} makes the unknown change {name}."
        return
    try:
        inspect.signature(CHANGES[name]).bind(None, **arguments)
    except TypeError as error:
        yield f"{fault} cannot make the change {name}: {error}."


def _twice(entries: list[dict[str, Any]]) -> list[str]:
    names = Counter(entry.get("name") for entry in entries)
    return [f"{name} is in the catalogue twice." for name, times in names.items() if times > 1]
