"""One lab on the terminal: its score by area, and what its learner should do next.

What comes from a lab is shown as ``Text``, made plain first: never as markup, nor as anything
that a terminal obeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.columns import Columns
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labproof.analysis.text import one_line
from labproof.grading.judge import ERROR, FAILED
from labproof.reports import view
from labproof.reports.comparison import Change
from labproof.reports.view import WAIVED, Area, Check, Lab

BAR = 10
MARGIN = "  "
WIDEST_AREA = 24
MOST_IDS = 6
MOST_STEPS = 10
LONGEST_TEXT = 300
LABELS = {"expected": "expected", "found": "found", "hint": "next"}
COMMANDS = ("command", "playbook")
Parts = Iterator[RenderableType]


def lab_summary(lab: Lab, change: Change | None = None, since: str = "") -> Parts:
    """Tell of one lab: a perfect one in a line, an empty one as a list of first steps."""
    if view.is_complete(lab):
        passed = view.counted(len(lab["checks"]) - view.counts(lab)[WAIVED], "requirement")
        yield _title(lab).append(f": {passed} passed, nothing left to do.")
    else:
        yield _title(lab)
        yield from _what_to_do(lab)
        yield from _blocked(lab)
        yield from _unknown(lab)
    yield from _waived(lab)
    yield from _changed(change, since)


def hanging(label: str, told: str | Text, longest: int = LONGEST_TEXT) -> Parts:
    """Wrap a text behind its label; an empty text gives nothing."""
    text = told if isinstance(told, Text) else Text(one_line(told, longest))
    if text:
        grid = Table.grid()
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(label, text)
        yield grid


def unbroken(label: str, told: str) -> Parts:
    """Tell something to be copied: a line of any length, whatever the terminal's width."""
    if text := one_line(told):
        line = (label, (text, "cyan" if label.startswith(MARGIN) else ""))
        yield Text.assemble(*line, no_wrap=True, overflow="ignore")


def bar(colour: str, points: int, of: int) -> Text:
    """Draw points as a bar; it is full where nothing can be earned."""
    filled = points * BAR // of if of else BAR
    return Text("█" * filled + "·" * (BAR - filled), colour)


def mood(lab: Lab) -> str:
    """Return the colour of a lab's score."""
    if view.is_complete(lab):
        return "green"
    return "red" if lab["score"] * 2 < lab["max_score"] else "yellow"


def ids(names: Sequence[str]) -> str:
    """Name some ids, and count the others."""
    shown = ", ".join(one_line(name, 80) for name in names[:MOST_IDS])
    more = len(names) - MOST_IDS
    return f"{shown} and {more} more" if more > 0 else shown


def _title(lab: Lab) -> Text:
    host, learner = one_line(lab["host"], 60), one_line(lab["learner"], 60)
    who = host if learner == host else f"{host} ({learner})"
    score = f"{lab['score']} of {lab['max_score']} points"
    return Text.assemble(
        (who, "bold"), "  ", ("could not be graded" if view.is_unread(lab) else score, mood(lab))
    )


def _what_to_do(lab: Lab) -> Parts:
    failed = view.in_state(lab, FAILED)
    if view.is_untouched(lab):
        yield f"{MARGIN}Nothing of it is there yet. Begin with:"
        for number, check in enumerate(failed[:MOST_STEPS], 1):
            yield from _first_step(number, check)
    elif not view.is_unread(lab):
        yield Padding(Columns(_bars(lab), column_first=True, padding=(0, 1)), (0, 0, 0, 2))
        yield from _steps(failed)
    more = ", ".join(check["id"] for check in failed[MOST_STEPS:])
    yield from hanging(f"{MARGIN}and {len(failed) - MOST_STEPS} more: ", more)


def _bars(lab: Lab) -> Iterator[Text]:
    found = view.areas(lab)
    widest = min(WIDEST_AREA, max(cell_len(one_line(area.name)) for area in found))
    return (_bar(area, widest) for area in found)


def _bar(area: Area, columns: int) -> Text:
    drawn = bar(
        "green" if area.points == area.max_points else "yellow", area.points, area.max_points
    )
    name = set_cell_size(one_line(area.name), columns)
    return Text.assemble(name, " ", drawn, f" {f'{area.points}/{area.max_points}':<7}")


def _first_step(number: int, check: Check) -> Parts:
    """An empty account is no list of faults."""
    yield from hanging(f"{MARGIN}{number}. ", check["hint"] or check["title"])
    yield from unbroken(f"{MARGIN}   ", check.get("playbook") or check.get("command") or "")


def _steps(failed: list[Check]) -> Parts:
    if failed:
        yield Text.assemble(MARGIN, ("To do", "bold"), ", first things first:")
    for number, check in enumerate(failed[:MOST_STEPS], 1):
        worth = view.counted(check["max_points"], "point")
        told = f": {one_line(check['title'], LONGEST_TEXT)} ({worth})"
        named = Text.assemble((one_line(check["id"]), "red"), told)
        yield from hanging(f"{MARGIN}{number}. ", named)
        for key, label in LABELS.items():
            yield from hanging(f"{MARGIN}   {label:<9}", check.get(key, ""))
        for key in COMMANDS:
            yield from unbroken(f"{MARGIN}   {key:<9}", check.get(key, ""))


def _blocked(lab: Lab) -> Parts:
    """One line for all of them: they are nobody's second fault."""
    found = view.waiting(lab)
    told = "; ".join(f"{ids(names)} (by {ids(by)})" for by, names in found.items())
    if found and view.is_untouched(lab):
        number = view.counted(sum(map(len, found.values())), "requirement")
        told = f"{number} more, to be judged once these are there"
    yield from hanging(f"{MARGIN}Blocked: ", told, longest=1500)


def _unknown(lab: Lab) -> Parts:
    """Say why it is not known, once for each reason, and whose fault it is not."""
    reasons: dict[str, list[str]] = {}
    for check in view.in_state(lab, ERROR):
        reasons.setdefault(one_line(check["found"], LONGEST_TEXT), []).append(check["id"])
    if reasons:
        said = ("Could not tell", "yellow")
        yield Text.assemble(MARGIN, said, ", through no fault of the learner's:")
    for reason, names in reasons.items():
        what = f"all {len(names)} requirements" if view.is_unread(lab) else ids(names)
        yield from hanging(f"{MARGIN}- ", f"{what}: {reason}", longest=1500)


def _waived(lab: Lab) -> Parts:
    for check in view.in_state(lab, WAIVED):
        waiver = check["waived"]
        told = f"{check['id']} until {waiver['until']}: {waiver['reason']}"
        yield from hanging(f"{MARGIN}Waived: ", told)


def _changed(change: Change | None, since: str) -> Parts:
    if change:
        parts = [f"{word}: {ids(names)}" for word, names in change.parts() if names]
        told = "; ".join([f"{change.before} → {change.after} points", *parts])
        yield from hanging(f"{MARGIN}Since {view.minute(since)}: ", told, longest=1500)
