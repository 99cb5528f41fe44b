"""The summary on the terminal: a few labs one by one, a larger class in a table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from labproof.analysis.text import one_line
from labproof.grading.judge import BLOCKED, ERROR, FAILED
from labproof.reports import view
from labproof.reports.comparison import Comparison
from labproof.reports.terminal_lab import BAR, bar, hanging, ids, lab_summary, mood, unbroken
from labproof.reports.view import Lab

WIDEST = 120
YES = ("1", "true", "yes", "on", "y", "t")
FEW_LABS = 3
MOST_MISSED = 5
WIDEST_HOST = 24
NARROW, SHORT = 80, 8


def wants_colour(stream: TextIO, environment: dict[str, str] | None = None) -> bool:
    """Tell whether a stream is to be coloured: Ansible's own variables decide, then a terminal."""
    env = dict(os.environ) if environment is None else environment
    if env.get("ANSIBLE_FORCE_COLOR", "").lower() in YES:
        return True
    if env.get("NO_COLOR") or env.get("ANSIBLE_NOCOLOR", "").lower() in YES:
        return False
    return stream.isatty()


def console(stream: TextIO, columns: int = 0) -> Console:
    """Return a console for a stream, of so many columns or as wide as this process's terminal."""
    colour = wants_colour(stream)
    return Console(
        file=stream,
        width=columns or min(shutil.get_terminal_size((100, 24)).columns, WIDEST),
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def summary(
    screen: Console,
    results: dict[str, Any],
    comparison: Comparison | None = None,
    pass_mark: int | None = None,
    not_graded: tuple[str, ...] = (),
    where: str = "",
) -> str:
    """Return the summary of a run; ``not_graded`` names hosts, ``where`` the report."""
    labs: list[Lab] = results["labs"]
    is_class = len(labs) > FEW_LABS
    parts = [*(_class(labs, comparison, screen.width) if is_class else _few(labs, comparison))]
    parts += hanging("Not graded: ", ids(not_graded))
    if pass_mark is not None:
        reached = len(labs) - len(view.below(labs, pass_mark))
        parts.append(f"Pass mark {pass_mark}: {reached} of {len(labs)} reach it.")
    parts += unbroken("Report: ", where)
    with screen.capture() as written:
        screen.print(Group(*parts), crop=False)
    return "\n".join(line.rstrip() for line in written.get().splitlines())


def _few(labs: list[Lab], comparison: Comparison | None) -> Iterator[RenderableType]:
    for lab in labs:
        change = comparison.changes.get(lab["host"]) if comparison else None
        yield from lab_summary(lab, change, comparison.since if comparison else "")
        yield ""


def _class(
    labs: list[Lab], comparison: Comparison | None, columns: int
) -> Iterator[RenderableType]:
    yield _table(labs, columns)
    yield ""
    yield _overall(labs)
    missed = (f"{name} ({n} of {of})" for name, n, of in view.most_missed(labs)[:MOST_MISSED])
    yield from hanging("Most missed: ", ", ".join(missed), longest=1000)
    yield from _changed(comparison)
    yield ""


def _table(labs: list[Lab], columns: int) -> Table:
    """Draw a line for each lab; where there is no room names are cut and bars left out."""
    has_bars = columns >= NARROW
    room = columns - len(" points passed failed blocked error ") - has_bars * (BAR + 1)
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("lab", no_wrap=True, max_width=max(3, min(WIDEST_HOST, room - SHORT)))
    for name in ("points", *([""] if has_bars else []), "passed", "failed", "blocked", "error"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("first to do", no_wrap=True, ratio=1)
    for lab in labs:
        bars = [bar(mood(lab), lab["score"], lab["max_score"])] if has_bars else []
        points = f"{lab['score']}/{lab['max_score']}"
        table.add_row(Text(one_line(lab["host"])), points, *bars, *_numbers(lab), _first(lab))
    return table


def _numbers(lab: Lab) -> tuple[str, ...]:
    """Count a lab's checks by state; what is waived counts as passed."""
    found = view.counts(lab)
    others = (found[FAILED], found[BLOCKED], found[ERROR])
    return tuple(map(str, (len(lab["checks"]) - sum(others), *others)))


def _first(lab: Lab) -> Text:
    if failed := view.in_state(lab, FAILED):
        return Text(one_line(failed[0]["id"]))
    return Text("could not be graded" if view.is_unread(lab) else "")


def _overall(labs: list[Lab]) -> str:
    complete = sum(view.is_complete(lab) for lab in labs)
    unclear = sum(1 for lab in labs if view.counts(lab)[ERROR])
    number, median = view.counted(len(labs), "lab"), view.median(labs)
    told = f"{number}: median {median:g} points, {complete} complete"
    return f"{told}, {unclear} where something could not be told." if unclear else f"{told}."


def _changed(comparison: Comparison | None) -> Iterator[RenderableType]:
    if comparison and comparison.changes:
        found = comparison.changes.values()
        more = sum(change.after > change.before for change in found)
        less = sum(change.after < change.before for change in found)
        told = f"{more} with more points, {less} with fewer, of {len(found)}."
        yield Text(f"Since {view.minute(comparison.since)}: {told}")
