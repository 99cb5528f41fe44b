"""The summary on the terminal: short where all is well, steps where it is not, never obeyed."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len

from labproof.analysis.text import HARMFUL
from labproof.grading.results import assemble
from labproof.reports.comparison import Comparison, compare
from labproof.reports.terminal import console, summary, wants_colour
from tests.support.report_data import a_check, a_class, a_lab, hostile_lab

MIXED = a_lab("ada", ("passed", "failed", "blocked", "error", "passed"))
EMPTY = a_lab(statuses=("failed", "failed", "blocked", "blocked", "blocked"))
WORDY = a_lab(
    checks=[a_check("a.x"), a_check("role.exists", "failed", title="word " * 60, found="x y " * 99)]
)
OUR_COLOURS = re.compile(r"\x1b\[(?:0|1|2|31|32|33|36)m")


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's own says whether there is to be colour."""
    for name in ("NO_COLOR", "ANSIBLE_NOCOLOR", "ANSIBLE_FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(*labs: dict[str, Any], columns: int = 100, colour: bool = False, **more: Any) -> str:
    screen = console(Terminal() if colour else io.StringIO(), columns)
    return summary(screen, assemble(labs), **more)


def changed(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    return compare(assemble([before]), assemble([after]))


def test_a_perfect_lab_is_one_line() -> None:
    assert told(a_lab()).strip() == (
        "ada (Ada)  100 of 100 points: 5 requirements passed, nothing left to do."
    )


def test_a_waived_requirement_is_named() -> None:
    waived = a_check(
        "client.files", "failed", waived={"reason": "None here", "until": "2026-12-31"}
    )
    lines = told(a_lab(checks=[a_check("role.exists"), waived])).strip().splitlines()
    assert lines == [
        "ada (Ada)  40 of 40 points: 1 requirement passed, nothing left to do.",
        "  Waived: client.files until 2026-12-31: None here",
    ]


def test_an_empty_account_reads_as_first_steps() -> None:
    text = told(EMPTY)
    assert "Nothing of it is there yet. Begin with:" in text
    assert "  1. Create it.\n     ansible-playbook playbooks/create-it.yml -l ada\n  2. " in text
    assert "Blocked: 3 requirements more, to be judged once these are there" in text
    assert "expected" not in text


def test_what_to_do_is_told_with_expected_found_and_a_command() -> None:
    text = told(MIXED)
    for part in (
        "1. role.exists",
        "expected the role that",
        "found    none",
        "next     Create it.",
    ):
        assert part in text
    assert "command  aws create it" in text
    assert "Blocked: function.exists (by role.exists)" in text


def test_what_could_not_be_told_is_nobodys_fault() -> None:
    assert "Could not tell, through no fault of the learner's:\n  - table.exists: none" in told(
        MIXED
    )
    unread = told(a_lab(statuses=("error",) * 5))
    assert "could not be graded" in unread
    assert "- all 5 requirements: none" in unread
    assert "0 of 100" not in unread


def test_more_than_ten_failures_are_counted() -> None:
    checks = [a_check("role.exists"), *(a_check(f"role.r{n}", "failed", 5) for n in range(12))]
    text = told(a_lab(checks=checks))
    assert "10. role.r9" in text
    assert "and 2 more: role.r10, role.r11" in text


def test_a_class_is_a_table() -> None:
    lines = summary(console(io.StringIO(), 100), a_class(20)).splitlines()
    assert " ".join(lines[0].split()) == "lab points passed failed blocked error first to do"
    assert len([line for line in lines if line.startswith("learner-")]) == 20
    assert len({cell_len(line[: line.index("/100")]) for line in lines[1:21]}) == 1
    assert "20 labs: median 40 points, 0 complete, 20 where something could not be told." in lines
    assert any(line.startswith("Most missed: ") for line in lines)


def test_a_class_tells_how_many_changed() -> None:
    before, after = a_class(20), assemble([a_lab(lab["host"]) for lab in a_class(20)["labs"]])
    text = summary(console(io.StringIO(), 100), after, compare(before, after))
    assert "Since 2026-11-21 03:15 UTC: 20 with more points, 0 with fewer, of 20." in text


def test_one_lab_tells_what_changed() -> None:
    text = told(a_lab(), comparison=changed(MIXED, a_lab()))
    assert "Since 2026-11-21 03:15 UTC: 40 → 100 points; better: role.exists, function" in text
    assert "Since" not in told(a_lab(), comparison=changed(a_lab(), a_lab()))


def test_the_end_tells_the_pass_mark_and_where_the_report_is() -> None:
    text = told(MIXED, a_lab("bob"), pass_mark=60, not_graded=("cyd",), where="reports/index.html")
    assert "Pass mark 60: 1 of 2 reach it." in text
    assert "Not graded: cyd" in text
    assert text.endswith("Report: reports/index.html")


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("colour", [True, False])
def test_hostile_text_never_reaches_the_terminal(size: int, colour: bool) -> None:
    before = hostile_lab() | {"score": 0}
    labs = [hostile_lab(), *(a_lab(f"lab-{n}") for n in range(size - 1))]
    text = told(*labs, colour=colour, comparison=changed(before, hostile_lab()))
    assert colour == bool(OUR_COLOURS.search(text))
    assert not HARMFUL.search(OUR_COLOURS.sub("", text))
    assert size > 1 or "\\x1b" in text


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("labs", [[MIXED], [EMPTY], [WORDY], [a_lab()], a_class(20)["labs"]])
def test_lines_are_no_wider_than_asked(labs: list[dict[str, Any]], columns: int) -> None:
    lines = told(*labs, columns=columns).splitlines()
    wide = [line for line in lines if cell_len(line) > columns]
    assert not [line for line in wide if "aws " not in line and "ansible-playbook" not in line]


@pytest.mark.parametrize("columns", [46, 60, 79])
def test_a_narrow_table_cuts_names_and_no_number(columns: int) -> None:
    lines = told(*a_class(20)["labs"], columns=columns).splitlines()
    assert re.match(r"lab +points passed failed blocked error", lines[0])
    assert all(re.match(r"\S+ +40/100 +2 +1 +1 +1( |$)", line) for line in lines[1:21])
    assert max(map(cell_len, lines)) <= columns


def test_wide_characters_keep_the_columns_in_line() -> None:
    lines = told(*(a_lab(name) for name in ("ada", "日本語ラボ", "bob", "e\u0301va"))).splitlines()
    assert len({cell_len(line[: line.index("/100")]) for line in lines[1:5]}) == 1


def test_text_behind_a_label_stays_behind_it() -> None:
    lines = told(WORDY, columns=60).splitlines()
    first = next(n for n, line in enumerate(lines) if "found    x y" in line)
    assert re.match(r" {14}[xy] ", lines[first + 1])


def test_markup_of_a_learners_is_only_text() -> None:
    text = "[red]a[/red] [link=file:///etc]b[/link] :smile: [/]"
    lab = a_lab("[bold]x", checks=[a_check("a.x"), a_check("role.exists", "failed", found=text)])
    assert text in told(lab, colour=True)
    assert "[bold]x" in told(*[lab] * 5, colour=True)


def test_the_reports_path_is_never_broken() -> None:
    where = f"{'a folder/' * 30}index.html"
    assert told(MIXED, columns=60, where=where).endswith(f"\nReport: {where}")


def test_a_long_command_is_not_broken() -> None:
    command = f"aws iam {'word ' * 60}".strip()
    lab = a_lab(checks=[a_check("a.x"), a_check("role.exists", "failed", command=command)])
    assert command in told(lab, columns=60)


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"ANSIBLE_NOCOLOR": "true"}, False),
        (io.StringIO(), {"ANSIBLE_FORCE_COLOR": "1"}, True),
        (Terminal(), {"ANSIBLE_FORCE_COLOR": "0"}, True),
        (io.StringIO(), {"ANSIBLE_FORCE_COLOR": "true", "NO_COLOR": "1"}, True),
    ],
)
def test_colours_are_wanted_on_a_terminal(
    stream: io.StringIO, environment: dict[str, str], expected: bool
) -> None:
    assert wants_colour(stream, environment) is expected


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in told(MIXED)
    assert "\x1b[31mrole.exists\x1b[0m" in told(MIXED, colour=True)
