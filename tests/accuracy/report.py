"""docs/accuracy.md: what each fault came to, id by id, with the totals."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from labproof.faults import UNPLANTABLE, catalogue

from .verdicts import WHOLE, Verdicts

HEAD = """# How right the grader is

Written by `make accuracy`, which plants every fault of the catalogue (`labproof/faults/data/`) into
correct labs, grades them, and mends them again. A *miss* is a requirement that should fail and does
not; a *false alarm* is one that fails, or cannot be told, and should not. Every lab is graded
before its first fault and after its last one, and has to have all points.

"""
AREA = """
## {area}

| fault | what is wrong | labs | must fail | stands still in consequence |
|---|---|---|---|---|
"""


def totals(found: list[Verdicts]) -> dict[str, int]:
    """Return how many faults were planted, in how many labs, and what came of it."""
    planted = [v for v in found if v.name in catalogue()]
    return {
        "faults": len({v.name for v in planted}),
        "plantings": len(planted),
        "verdicts": sum(len(v.statuses) for v in found),
        "false alarms": sum(len(v.alarms) for v in found),
        "misses": sum(len(v.misses) for v in found),
    }


def told(found: Iterable[Verdicts]) -> list[str]:
    """Return a line for each miss and each false alarm."""
    return [
        f"{what}: {name} of {v.lab}, {v.name}: {v.found.get(name, '')}"
        for v in found
        for what, names in (("miss", v.misses), ("false alarm", v.alarms))
        for name in names
    ]


def page(found: list[Verdicts]) -> str:
    """Return the page as Markdown."""
    numbers = " · ".join(f"**{count:,}** {name}" for name, count in totals(found).items())
    by_fault = {name: [v for v in found if v.name == name] for name in catalogue()}
    areas = groupby(catalogue().values(), key=lambda fault: fault.area)
    tables = [
        AREA.format(area=area) + "\n".join(row(f.name, by_fault[f.name]) for f in faults)
        for area, faults in areas
    ]
    return HEAD + numbers + "\n" + "\n".join(tables) + ids(found)


def row(name: str, found: list[Verdicts]) -> str:
    """Return a fault's row; a verdict that should be another is marked."""
    fault = catalogue()[name]
    labs = ", ".join(v.lab for v in found) or "not planted"
    seen = {i for v in found for i in v.statuses}
    missed = {i for v in found for i in v.misses}
    alarms = {i for v in found for i in v.alarms}
    blocked = {i for v in found for i, s in v.statuses.items() if s == "blocked"} - alarms
    fails = sorted(fault.fails & seen if found else fault.fails)
    cells = [
        ", ".join(f"**missed: {i}**" if i in missed else f"`{i}`" for i in fails),
        ", ".join([*(f"`{i}`" for i in sorted(blocked)), *(f"**alarm: {i}**" for i in alarms)]),
    ]
    return f"| `{name}` | {fault.says} | {labs} | {' | '.join(cells)} |"


def ids(found: list[Verdicts]) -> str:
    """Return how many faults fail each id, and which ids none can."""
    failing: dict[str, set[str]] = {}
    for v in found:
        for name, status in v.statuses.items():
            failing.setdefault(name, set())
            if status == "failed" and v.name != WHOLE:
                failing[name].add(v.name)
    rows = [f"| `{name}` | {len(faults)} |" for name, faults in sorted(failing.items())]
    never = [f"- `{name}`: {why}." for name, why in UNPLANTABLE.items()]
    return "\n".join(
        [
            *("\n\n## Faults that fail each requirement\n", "| id | faults |", "|---|---|", *rows),
            *(
                "\nNothing in a lab can make these fail; unit tests take the evidence away:\n",
                *never,
            ),
            "",
        ]
    )
