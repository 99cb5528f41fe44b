"""What a class may change about its points, and one sentence for each thing that is wrong."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.grading import rubric as rubrics
from labproof.grading.rubric import Requirement, points, share_out
from labproof.grading.terms import read_terms
from labproof.labs.lab import Lab, LabError
from tests.support.fakes import a_lab

IDS = [f"role.{word}" for word in "abcdefghij"]
MAY = {"reason": "No client host", "until": "2026-12-31"}


@pytest.fixture
def lab() -> Lab:
    return a_lab()


def terms(lab: Lab, **variables: Any) -> dict[str, Any]:
    return read_terms("ada", lab, {f"lab_{name}": value for name, value in variables.items()})


def refusal(lab: Lab, **variables: Any) -> str:
    with pytest.raises(LabError) as caught:
        terms(lab, **variables)
    return str(caught.value)


def weighed(monkeypatch: pytest.MonkeyPatch, weights: dict[str, int]) -> None:
    fake = {i: Requirement(i, i, lambda _: None, weight) for i, weight in weights.items()}
    monkeypatch.setattr(rubrics, "rubric", lambda: fake)


WEIGHTS = st.dictionaries(st.sampled_from(IDS), st.integers(0, 9), min_size=1)
CHOSEN = st.dictionaries(st.sampled_from(IDS), st.integers(0, 100))


@given(WEIGHTS, CHOSEN)
def test_every_lab_has_100_points(weights: dict[str, int], chosen: dict[str, int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        weighed(patch, weights)
        found = points(list(weights), chosen)
    assert list(found) == list(weights)
    assert sum(found.values()) == 100
    assert min(found.values()) >= 0


@given(WEIGHTS, CHOSEN)
def test_chosen_points_are_exact_wherever_they_can_be(
    weights: dict[str, int], chosen: dict[str, int]
) -> None:
    mine = {i: n for i, n in chosen.items() if i in weights}
    total, open_ids = sum(mine.values()), set(weights) - set(mine)
    with pytest.MonkeyPatch.context() as patch:
        weighed(patch, weights)
        found = points(list(weights), chosen)
    if total == 100 or (total < 100 and open_ids):
        assert {i: found[i] for i in mine} == mine


@given(st.integers(0, 100), WEIGHTS)
def test_equal_weights_differ_by_a_point_at_most(total: int, weights: dict[str, int]) -> None:
    shares = share_out(total, dict.fromkeys(weights, 3))
    assert max(shares.values()) - min(shares.values()) <= 1


def test_a_heavier_requirement_never_has_less(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed(monkeypatch, {"role.a": 1, "role.b": 2, "role.c": 5})
    assert points(["role.a", "role.b", "role.c"], {}) == {"role.a": 13, "role.b": 25, "role.c": 62}


def test_a_lab_with_everything_left_out_has_no_points() -> None:
    assert points([], {"role.a": 50}) == {}


def test_a_class_without_terms_has_none(lab: Lab) -> None:
    assert terms(lab) == {"points": {}, "left_out": [], "waived": {}}
    assert terms(lab, points=None, left_out="", waived=None) == terms(lab)


def test_terms_are_read(lab: Lab) -> None:
    found = terms(
        lab,
        points={"transfer.copied": 20, "table.key": "5"},
        left_out=["logs.metrics", "logs.metrics"],
        waived={"role.exists": MAY},
    )
    assert found == {
        "points": {"transfer.copied": 20, "table.key": 5},
        "left_out": ["logs.metrics"],
        "waived": {"role.exists": MAY},
    }


@pytest.mark.parametrize("until", [date(2026, 12, 31), "2026-12-31"])
def test_a_day_may_be_without_quotes(lab: Lab, until: Any) -> None:
    found = terms(lab, waived={"role.exists": {"reason": " ill ", "until": until}})
    assert found["waived"]["role.exists"] == {"reason": "ill", "until": "2026-12-31"}


def test_a_class_of_several_kinds_shares_what_is_left_out_and_waived(lab: Lab) -> None:
    found = terms(lab, left_out=["key.rotates"], waived={"ingest.bulk": MAY})
    assert found == {"points": {}, "left_out": [], "waived": {}}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"points": [3]}, "lab_points of ada must be {id: POINTS}, found [3]: correct it."),
        ({"points": {3: 3}}, "lab_points of ada must be {id: POINTS}, found {3: 3}: correct it."),
        (
            {"points": {"role.exists": -1}},
            "role.exists in lab_points of ada must be a whole number from 0 to 100, found -1: "
            "correct it.",
        ),
        (
            {"points": {"role.exists": True}},
            "role.exists in lab_points of ada must be a whole number from 0 to 100, found True: "
            "correct it.",
        ),
        (
            {"points": {"role.exists": 60, "function.exists": 41}},
            "lab_points of ada come to 101, a lab has 100: take some away.",
        ),
        (
            {"points": {"transfer.copid": 3}},
            "lab_points of ada: there is no requirement 'transfer.copid', near it are "
            "transfer.copied, transfer.listed, transfer.invoked: correct it.",
        ),
        (
            {"points": {"key.rotates": 3}},
            "lab_points of ada: its kind, file_transfer, does not have key.rotates: remove it "
            "there.",
        ),
        (
            {"points": {"role.exists": 3}, "left_out": ["role.exists"]},
            "role.exists of ada is both in lab_points and in lab_left_out: choose one.",
        ),
        (
            {"left_out": "role.exists"},
            "lab_left_out of ada must be a list of requirement ids, found 'role.exists': "
            "correct it.",
        ),
        (
            {"left_out": ["zzzzzz"]},
            "lab_left_out of ada: there is no requirement 'zzzzzz': correct it.",
        ),
    ],
)
def test_each_mistake_is_said_in_a_sentence(
    lab: Lab, variables: dict[str, Any], sentence: str
) -> None:
    assert refusal(lab, **variables) == sentence


@pytest.mark.parametrize(
    "waiver",
    [
        "ill",
        {"reason": "ill"},
        {"reason": "", "until": "2026-12-31"},
        {"reason": 3, "until": "2026-12-31"},
        {"reason": "ill", "until": "31.12.2026"},
        {"reason": "ill", "until": "2026-02-30"},
        {"reason": "ill", "until": "20261231"},
        {"reason": "ill", "until": None},
        {"reason": "ill", "until": datetime(2026, 12, 31)},
        {"reason": "ill", "until": "2026-12-31", "by": "me"},
    ],
)
def test_a_waiver_needs_a_reason_and_a_last_day(lab: Lab, waiver: Any) -> None:
    said = refusal(lab, waived={"role.exists": waiver})
    assert said.startswith("role.exists in lab_waived of ada must be {reason: TEXT, until:")
    assert "\n" not in said


def test_points_for_everything_must_come_to_100(lab: Lab) -> None:
    said = refusal(lab, points=dict.fromkeys(lab.requirements, 1))
    assert said.startswith("lab_points of ada name every requirement but come to ")


def test_something_must_be_graded(lab: Lab) -> None:
    said = refusal(lab, left_out=list(lab.requirements))
    assert said == "lab_left_out of ada leaves nothing to grade: keep at least one requirement."


def test_all_problems_are_said_at_once(lab: Lab) -> None:
    said = refusal(lab, points={"role.exists": "many"}, left_out=["nope.nope"], waived=["x"])
    assert len(said.splitlines()) == 3


@given(st.recursive(st.none() | st.text() | st.integers(), lambda s: st.dictionaries(st.text(), s)))
def test_whatever_is_given_is_read_or_refused_in_sentences(anything: Any) -> None:
    lab = a_lab()
    for name in ("points", "left_out", "waived"):
        with contextlib.suppress(LabError):
            assert set(terms(lab, **{name: anything})) == {"points", "left_out", "waived"}
