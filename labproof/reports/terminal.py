"""The summary on the terminal: a few labs one by one, a larger class in a table."""

from __future__ import annotations

from typing import Any

from labproof.analysis.text import fit, one_line, width
from labproof.grading.judge import BLOCKED, ERROR, FAILED
from labproof.reports.comparison import Comparison
from labproof.reports.pen import BAR, Lines, Pen, ids, minute, mood
from labproof.reports.terminal_lab import lab_lines
from labproof.reports.view import (
    Lab,
    below,
    counted,
    counts,
    in_state,
    is_complete,
    is_unread,
    median,
    most_missed,
)

FEW_LABS = 3
MOST_MISSED = 5
WIDEST_HOST = 24
NUMBERS = "passed failed blocked error"


def summary(
    pen: Pen,
    results: dict[str, Any],
    comparison: Comparison | None = None,
    pass_mark: int | None = None,
    not_graded: tuple[str, ...] = (),
    where: str = "",
) -> str:
    """Return the summary of a run; ``not_graded`` names hosts, ``where`` the report."""
    labs: list[Lab] = results["labs"]
    lines = [*(_few if len(labs) <= FEW_LABS else _class)(pen, labs, comparison)]
    lines += pen.wrapped("Not graded: ", ids(not_graded), margin="")
    if pass_mark is not None:
        reached = len(labs) - len(below(labs, pass_mark))
        lines.append(f"Pass mark {pass_mark}: {reached} of {len(labs)} reach it.")
    lines += [f"Report: {one_line(where)}"] if where else []
    return "\n".join(line.rstrip() for line in lines)


def _few(pen: Pen, labs: list[Lab], comparison: Comparison | None) -> Lines:
    for lab in labs:
        change = comparison.changes.get(lab["host"]) if comparison else None
        yield from lab_lines(pen, lab, change, comparison.since if comparison else "")
        yield ""


def _class(pen: Pen, labs: list[Lab], comparison: Comparison | None) -> Lines:
    yield from _table(pen, labs)
    yield ""
    yield _overall(labs)
    missed = (f"{name} ({n} of {of})" for name, n, of in most_missed(labs)[:MOST_MISSED])
    yield from pen.wrapped("Most missed: ", ", ".join(missed), margin="", longest=1000)
    yield from _changed(comparison)
    yield ""


def _table(pen: Pen, labs: list[Lab]) -> Lines:
    host = max(3, *(width(one_line(lab["host"], WIDEST_HOST)) for lab in labs))
    left = max(0, pen.columns - host - BAR - len(NUMBERS) - 14)
    heading = f"{fit('lab', host)}  points {' ' * BAR}  {NUMBERS}  {fit('first to do', left)}"
    yield pen.paint("dim", heading)
    for lab in labs:
        bar = pen.bar(mood(lab), lab["score"], lab["max_score"])
        points = f"{lab['score']:>3}/{lab['max_score']:<3}"
        yield f"{fit(lab['host'], host)} {points} {bar}  {_numbers(lab)}  {fit(_first(lab), left)}"


def _numbers(lab: Lab) -> str:
    """Count a lab's checks by state; what is waived counts as passed."""
    found = counts(lab)
    failed, blocked, error = found[FAILED], found[BLOCKED], found[ERROR]
    passed = len(lab["checks"]) - failed - blocked - error
    return f"{passed:>6} {failed:>6} {blocked:>7} {error:>5}"


def _first(lab: Lab) -> str:
    if failed := in_state(lab, FAILED):
        return str(failed[0]["id"])
    return "could not be graded" if is_unread(lab) else ""


def _overall(labs: list[Lab]) -> str:
    complete = sum(is_complete(lab) for lab in labs)
    unclear = sum(1 for lab in labs if counts(lab)[ERROR])
    told = f"{counted(len(labs), 'lab')}: median {median(labs):g} points, {complete} complete"
    return f"{told}, {unclear} where something could not be told." if unclear else f"{told}."


def _changed(comparison: Comparison | None) -> Lines:
    if comparison and comparison.changes:
        found = comparison.changes.values()
        more = sum(change.after > change.before for change in found)
        less = sum(change.after < change.before for change in found)
        since = minute(comparison.since)
        yield f"Since {since}: {more} with more points, {less} with fewer, of {len(found)}."
