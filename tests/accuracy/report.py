"""docs/accuracy.md: what the grader said of each lab of the proof, with the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from labproof.faults import UNPLANTABLE, catalogue

from .variants import VARIANTS
from .verdicts import WHOLE, Verdicts

Found = dict[str, list[Verdicts]]
# The parts of the proof, and what each is about
PARTS = {
    "faults": "Working labs with a fault planted into them, and the same labs whole again",
    "variants": "Correct labs that are built in other ways",
    "half-way": "Labs after each step of the learner's order",
    "hostile": "Accounts that refuse a call, are slow, or whose credentials expire in the middle",
}
HEAD = """# How right the grader is

Written by `make accuracy`, which builds labs in accounts of their own, grades them, and holds every
verdict against what it should be. A *miss* is a requirement that should fail and does not; a *false
alarm* is one that fails, or cannot be told, and should not be so.

| | labs graded | verdicts | false alarms | misses |
|---|--:|--:|--:|--:|
"""
FAULTS = """
## Faults

{faults} faults of the catalogue (`labproof/faults/data/`), {plantings} plantings, each graded and
mended again. A fault goes into one kind of lab, and into more where requirements would else be
failed by fewer than two (`python -m tests.accuracy --thorough`: into every kind that it fits).
Every lab is graded before its first fault and after its last one, and has to have all points. Where
a fault is not in the code for ingestion, the probe's large file has 1,000 records, not 10,000.
"""
AREA = """
### {area}

| fault | what is wrong | labs | must fail | stands still in consequence |
|---|---|---|---|---|
"""
VARIED = """
## Variants

| lab | variant | what is different | passed | else |
|---|---|---|--:|--:|
"""
HALF_WAY = """
## Labs half-way

| lab | built | passed | failed: what to do next | blocked |
|---|---|--:|---|--:|
"""
HOSTILE = """
## Hostile accounts

Whole labs, graded while the account refuses. What cannot be read is an error that names the call,
and never a failure.

| lab | hostility | labs graded | verdicts in error |
|---|---|--:|--:|
"""


def totals(found: Iterable[Verdicts]) -> dict[str, int]:
    """Return how many labs were graded, and what came of it."""
    every = list(found)
    planted = [v for v in every if v.name in catalogue()]
    return {
        "faults": len({v.name for v in planted}),
        "plantings": len(planted),
        "labs graded": len(every),
        "verdicts": sum(len(v.statuses) for v in every),
        "false alarms": sum(len(v.alarms) for v in every),
        "misses": sum(len(v.misses) for v in every),
    }


def told(found: Iterable[Verdicts]) -> list[str]:
    """Return a line for each miss and each false alarm."""
    return [
        f"{what}: {name} of {v.lab}, {v.name}: {v.found.get(name, '')}"
        for v in found
        for what, names in (("miss", v.misses), ("false alarm", v.alarms))
        for name in names
    ]


def page(found: Found) -> str:
    """Return the page as Markdown."""
    every = [one for part in PARTS for one in found.get(part, [])]
    sections = [
        HEAD
        + "\n".join(
            [*(summed(PARTS[p], found.get(p, [])) for p in PARTS), summed("**All**", every)]
        ),
        FAULTS.format_map(totals(found.get("faults", []))) + faults(found.get("faults", [])),
        ids(found.get("faults", [])),
        VARIED + "\n".join(varied(found.get("variants", []))),
        HALF_WAY + "\n".join(half_way(found.get("half-way", []))),
        HOSTILE + "\n".join(hostile(found.get("hostile", []))),
    ]
    return "\n".join(sections) + "\n"


def summed(what: str, found: list[Verdicts]) -> str:
    sums = totals(found)
    numbers = [sums[name] for name in ("labs graded", "verdicts", "false alarms", "misses")]
    return f"| {what} | {' | '.join(f'{number:,}' for number in numbers)} |"


def faults(found: list[Verdicts]) -> str:
    """Return a table of faults for each area."""
    by_fault = {name: [v for v in found if v.name == name] for name in catalogue()}
    areas = groupby(catalogue().values(), key=lambda fault: fault.area)
    return "\n".join(
        AREA.format(area=area) + "\n".join(row(f.name, by_fault[f.name]) for f in those)
        for area, those in areas
    )


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
        ", ".join([*(f"`{i}`" for i in sorted(blocked)), *alarmed(alarms)]),
    ]
    return f"| `{name}` | {fault.says} | {labs} | {' | '.join(cells)} |"


def alarmed(names: Iterable[str]) -> list[str]:
    return [f"**alarm: {name}**" for name in sorted(names)]


def ids(found: list[Verdicts]) -> str:
    """Return how many faults fail each id, and which ids none can."""
    failing: dict[str, set[str]] = {}
    for v in found:
        for name, status in v.statuses.items():
            failing.setdefault(name, set())
            if status == "failed" and v.name != WHOLE:
                failing[name].add(v.name)
    rows = [f"| `{name}` | {len(those)} |" for name, those in sorted(failing.items())]
    never = [f"- `{name}`: {why}." for name, why in UNPLANTABLE.items()]
    if never:
        never = [
            "\nNothing in a lab can make these fail; unit tests take the evidence away:\n",
            *never,
        ]
    return "\n".join(
        ["\n### Faults that fail each requirement\n", "| id | faults |", "|---|--:|", *rows, *never]
    )


def varied(found: list[Verdicts]) -> Iterator[str]:
    """Yield a row for each variant."""
    for v in found:
        says = VARIANTS[v.name].says if v.name in VARIANTS else ""
        passed = sum(status == "passed" for status in v.statuses.values())
        rest = ", ".join(alarmed(v.alarms)) or len(v.statuses) - passed
        yield f"| {v.lab} | `{v.name}` | {says} | {passed} | {rest} |"


def half_way(found: list[Verdicts]) -> Iterator[str]:
    """Yield a row for each step of each lab."""
    for v in found:
        sums = Counter(v.statuses.values())
        failed = [f"`{name}`" for name, status in v.statuses.items() if status == "failed"]
        wrong = alarmed([*v.alarms, *v.misses])
        yield (
            f"| {v.lab} | {v.name} | {sums['passed']} | {', '.join([*failed, *wrong])} "
            f"| {sums['blocked']} |"
        )


def hostile(found: list[Verdicts]) -> Iterator[str]:
    """Yield a row for each lab and sort of hostility, which a name begins with."""
    for (lab, sort), those in groupby(found, key=lambda v: (v.lab, v.name.partition(":")[0])):
        graded = list(those)
        errors = sum(status == "error" for v in graded for status in v.statuses.values())
        wrong = alarmed({name for v in graded for name in (*v.alarms, *v.misses)})
        yield f"| {lab} | {sort} | {len(graded)} | {', '.join([str(errors), *wrong])} |"
