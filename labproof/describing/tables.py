"""The tables of docs/inventory.md, each between two comments that name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from labproof.aws.connection import Connection
from labproof.describing.words import default, shown, value_is
from labproof.grading.terms import Terms
from labproof.labs.declaring import Variable, declared
from labproof.labs.kinds import kinds
from labproof.labs.lab import VARIABLES

MARKED = re.compile(r"(?<=<!-- variables: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
Column = Callable[[Variable], str]


def with_tables(text: str) -> str:
    """Return the page with its tables as the declarations have them. Raises KeyError."""
    return MARKED.sub(lambda found: found[1] + found[2] + TABLES[found[1]](), text)


def _of(variables: Iterable[Variable], columns: dict[str, Column]) -> str:
    columns = {"variable": lambda v: f"`{v.name}`", "meaning": lambda v: v.meaning} | columns
    return _table(list(columns), [[cell(v) for cell in columns.values()] for v in variables])


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |\n" for cells in (heads, *rows)]
    return "".join([lines[0], f"{'|---' * len(heads)}|\n", *lines[1:]])


def _groups() -> str:
    rows = [
        [
            f"`{name}`",
            f"[{kind['title']}]({name.replace('_', '-')}.md)",
            ", ".join(v.removeprefix("lab_").replace("_", " ") for v in kind["requires"]),
        ]
        for name, kind in sorted(kinds().items())
    ]
    return _table(["group", "lab", "it must have"], rows)


def _kinds_give(variable: Variable) -> str:
    """Say which kinds give a value, and which: ``KIND, KIND: VALUE; KIND with SWITCH: VALUE``."""
    where: dict[str, list[str]] = {}
    for name, kind in sorted(kinds().items()):
        own = shown(kind["defaults"].get(variable.name))
        where.setdefault(own, []).append(f"`{name}`")
        for switch, more in kind.get("extensions", {}).items():
            added = shown(more.get(variable.name))
            where.setdefault(added, []).extend([f"`{name}` with `{switch}`"] * (added != own))
    return "; ".join(f"{', '.join(found)}: {value}" for value, found in where.items() if value)


DEFAULT: dict[str, Column] = {"default": lambda v: default(v) or "none"}
VALUE: dict[str, Column] = {"value": value_is}
KINDS: dict[str, Column] = {"default of kinds": lambda v: v.kinds or _kinds_give(v)}
SWITCHES = [v for v in VARIABLES.values() if v.flow]
# What tells labs apart: whose they are, and what AWS must not have twice
NAMES = [v for v in VARIABLES.values() if (v.unique and not v.flow) or v.name == "lab_learner"]
SETTINGS = [v for v in VARIABLES.values() if v not in (*SWITCHES, *NAMES)]
TABLES: dict[str, Callable[[], str]] = {
    "groups": _groups,
    "names": lambda: _of(NAMES, DEFAULT),
    "switches": lambda: _of(SWITCHES, {}),
    "settings": lambda: _of(SETTINGS, VALUE | DEFAULT | KINDS),
    "connection": lambda: _of(declared(Connection).values(), DEFAULT),
    "terms": lambda: _of(declared(Terms).values(), VALUE),
}
