"""One lab on the terminal: its score by area, and what its learner should do next."""

from __future__ import annotations

from labproof.analysis.text import fit, one_line
from labproof.grading.judge import ERROR, FAILED
from labproof.reports.comparison import Change
from labproof.reports.pen import BAR, LONGEST_TEXT, MARGIN, Lines, Pen, ids, minute, mood
from labproof.reports.view import (
    WAIVED,
    Area,
    Check,
    Lab,
    areas,
    counted,
    counts,
    in_state,
    is_complete,
    is_unread,
    is_untouched,
    waiting,
)

MOST_STEPS = 10
LABELS = ("expected", "found", "hint", "command", "playbook")


def lab_lines(pen: Pen, lab: Lab, change: Change | None = None, since: str = "") -> Lines:
    """Tell of one lab: a perfect one in a line, an empty one as a list of first steps."""
    if is_complete(lab):
        passed = counted(len(lab["checks"]) - counts(lab)[WAIVED], "requirement")
        yield f"{_title(pen, lab)}: {passed} passed, nothing left to do."
    else:
        yield _title(pen, lab)
        yield from _what_to_do(pen, lab)
        yield from _blocked(pen, lab)
        yield from _unknown(pen, lab)
    yield from _waived(pen, lab)
    yield from _changed(pen, change, since)


def _title(pen: Pen, lab: Lab) -> str:
    host, learner = one_line(lab["host"], 60), one_line(lab["learner"], 60)
    who = host if learner == host else f"{host} ({learner})"
    score = f"{lab['score']} of {lab['max_score']} points"
    if is_unread(lab):
        score = "could not be graded"
    return f"{pen.paint('bold', who)}  {pen.paint(mood(lab), score)}"


def _what_to_do(pen: Pen, lab: Lab) -> Lines:
    if is_untouched(lab):
        yield f"{MARGIN}Nothing of it is there yet. Begin with:"
        for number, check in enumerate(in_state(lab, FAILED)[:MOST_STEPS], 1):
            yield from _first_step(pen, number, check)
    elif not is_unread(lab):
        yield from _bars(pen, lab)
        yield from _steps(pen, lab)
    more = [check["id"] for check in in_state(lab, FAILED)[MOST_STEPS:]]
    yield from pen.wrapped(f"and {len(more)} more: ", ", ".join(more))


def _bars(pen: Pen, lab: Lab) -> Lines:
    """Draw the areas, as many beside each other as there is room for."""
    found = areas(lab)
    name = max(len(one_line(area.name, 24)) for area in found)
    beside = max(1, min(3, (pen.columns - 2) // (name + BAR + 10)))
    rows = -(-len(found) // beside)
    for row in range(rows):
        yield MARGIN + "".join(_bar(pen, area, name) for area in found[row::rows])


def _bar(pen: Pen, area: Area, name: int) -> str:
    colour = "green" if area.points == area.max_points else "yellow"
    bar = pen.bar(colour, area.points, area.max_points)
    return f"{fit(area.name, name)} {bar} {f'{area.points}/{area.max_points}':<7} "


def _first_step(pen: Pen, number: int, check: Check) -> Lines:
    """An empty account is no list of faults."""
    yield from pen.wrapped(f"{number}. ", check["hint"] or check["title"])
    command = check.get("playbook") or check.get("command")
    if command:
        yield f"{MARGIN}   {pen.paint('cyan', one_line(command))}"


def _steps(pen: Pen, lab: Lab) -> Lines:
    failed = in_state(lab, FAILED)
    if failed:
        yield f"{MARGIN}{pen.paint('bold', 'To do')}, first things first:"
    for number, check in enumerate(failed[:MOST_STEPS], 1):
        yield from _step(pen, number, check)
        for label in LABELS:
            yield from _told(pen, label, check.get(label, ""))


def _step(pen: Pen, number: int, check: Check) -> Lines:
    """Name a requirement; it is wrapped before it is painted, for colours take no room."""
    name, worth = one_line(check["id"]), counted(check["max_points"], "point")
    title = one_line(check["title"], LONGEST_TEXT)
    lines = pen.wrapped(f"{number}. ", f"{name}: {title} ({worth})", longest=0)
    yield next(lines).replace(name, pen.paint("red", name), 1)
    yield from lines


def _told(pen: Pen, label: str, text: str) -> Lines:
    """Tell one thing of a check; a command in one unbroken line, so that it can be copied."""
    begin = f"   {'next' if label == 'hint' else label:<9}"
    if label in ("command", "playbook"):
        if text:
            yield f"{MARGIN}{begin}{pen.paint('cyan', one_line(text))}"
    else:
        yield from pen.wrapped(begin, text)


def _blocked(pen: Pen, lab: Lab) -> Lines:
    """One line for all of them: they are nobody's second fault."""
    found = waiting(lab)
    if is_untouched(lab) and found:
        number = counted(sum(map(len, found.values())), "requirement")
        yield from pen.wrapped("Blocked: ", f"{number} more, to be judged once these are there")
    else:
        told = "; ".join(f"{ids(names)} (by {ids(by)})" for by, names in found.items())
        yield from pen.wrapped("Blocked: ", told, longest=1500)


def _unknown(pen: Pen, lab: Lab) -> Lines:
    """Say why it is not known, once for each reason, and whose fault it is not."""
    reasons: dict[str, list[str]] = {}
    for check in in_state(lab, ERROR):
        reasons.setdefault(one_line(check["found"], LONGEST_TEXT), []).append(check["id"])
    if reasons:
        said = pen.paint("yellow", "Could not tell")
        yield f"{MARGIN}{said}, through no fault of the learner's:"
    for reason, names in reasons.items():
        what = f"all {len(names)} requirements" if is_unread(lab) else ids(names)
        yield from pen.wrapped("- ", f"{what}: {reason}", longest=1500)


def _waived(pen: Pen, lab: Lab) -> Lines:
    for check in in_state(lab, WAIVED):
        waiver = check["waived"]
        yield from pen.wrapped(
            "Waived: ", f"{check['id']} until {waiver['until']}: {waiver['reason']}"
        )


def _changed(pen: Pen, change: Change | None, since: str) -> Lines:
    if change:
        parts = [f"{word}: {ids(names)}" for word, names in change.parts() if names]
        told = "; ".join([f"{change.before} → {change.after} points", *parts])
        yield from pen.wrapped(f"Since {minute(since)}: ", told, longest=1500)
