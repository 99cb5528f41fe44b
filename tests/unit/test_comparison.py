"""What has changed between two runs: better and worse, and what cannot be compared."""

from __future__ import annotations

import pytest

from labproof.grading.results import assemble
from labproof.reports.comparison import Change, change, compare
from tests.support.report_data import IDS, a_check, a_lab

EARLIER = "2026-11-20T03:15:00+00:00"


def moved(before: str, after: str) -> Change:
    return change(*(a_lab(checks=[a_check("role.exists", s)]) for s in (before, after)))


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("failed", "passed", "better"),
        ("blocked", "passed", "better"),
        ("error", "passed", "better"),
        ("passed", "failed", "worse"),
        ("passed", "blocked", "worse"),
        ("passed", "error", "unclear"),
        ("failed", "error", "unclear"),
        ("failed", "blocked", ""),
        ("error", "failed", ""),
        ("passed", "passed", ""),
        ("error", "error", ""),
    ],
)
def test_each_move_has_its_word(before: str, after: str, word: str) -> None:
    expected = {word: ("role.exists",)} if word else {}
    assert {name: ids for name, ids in moved(before, after).parts() if ids} == expected


def test_the_points_are_told() -> None:
    found = change(a_lab(statuses=("failed",) * 5), a_lab())
    assert (found.before, found.after, found.better) == (0, 100, IDS)


def test_nothing_changed_is_nothing_to_tell() -> None:
    assert not change(a_lab(), a_lab())
    assert moved("failed", "passed")


def test_requirements_come_and_go() -> None:
    found = change(a_lab(checks=[a_check("a.x")]), a_lab(checks=[a_check("b.x", "failed")]))
    assert (found.new, found.gone, found.worse) == (("b.x",), ("a.x",), ())


def test_labs_come_and_go() -> None:
    before = assemble([a_lab("ada", taken=EARLIER), a_lab("bob")])
    found = compare(before, assemble([a_lab("bob"), a_lab("cyd")]))
    assert (found.since, found.new, found.gone) == (EARLIER, ("cyd",), ("ada",))
    assert list(found.changes) == ["bob"]


@pytest.mark.parametrize("other", [{"kind": "event_copy"}, {"learner": "Someone else"}])
def test_another_lab_under_the_same_name_is_not_compared(other: dict[str, str]) -> None:
    found = compare(assemble([a_lab("ada")]), assemble([a_lab("ada", **other)]))
    assert (found.changes, found.new, found.gone) == ({}, ("ada",), ("ada",))
