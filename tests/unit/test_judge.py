"""Four outcomes, blame only once, points for what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labproof.aws.answers import error_of
from labproof.evidence.snapshot import Failure, Snapshot, Unreadable
from labproof.grading import judge as judging
from labproof.grading.judge import BLOCKED, ERROR, FAILED, PASSED, decide, judge
from labproof.grading.rubric import Requirement
from labproof.labs.resolving import resolve

IDS = ("source-bucket.exists", "role.exists", "function.exists", "transfer.invoked")


def passes(_: Snapshot) -> None:
    """Nothing is wrong."""


def fails(_: Snapshot) -> None:
    raise Failure("blue", "red")


def cannot_tell(_: Snapshot) -> None:
    raise Unreadable(error_of("get_role", "AccessDenied", "no right")["error"])


def breaks(_: Snapshot) -> None:
    raise KeyError("surprise")


Checks = dict[str, Callable[[Snapshot], None]]
CHAIN = {"function.exists": ("role.exists",), "transfer.invoked": ("function.exists",)}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Snapshot]:
    """Replace the rubric by chosen checks, resting on each other in a chain."""

    def give(checks: Checks, **terms: Any) -> Snapshot:
        rubric = {
            name: Requirement(
                name,
                f"Title of {name}",
                checks.get(name, passes),
                rests_on=CHAIN.get(name, ()),
                hint="Mend $role.",
                command="aws mend $role",
                playbook="create-role.yml",
            )
            for name in IDS
        }
        for module in ("labproof.grading.judge", "labproof.grading.rubric"):
            monkeypatch.setattr(f"{module}.rubric", lambda: rubric)
        lab = resolve(
            "mine",
            ["event_copy"],
            {
                "lab_source_bucket": "in-1",
                "lab_destination_bucket": "out-1",
                "lab_role": "my-role",
                "lab_function": "f",
            },
        )
        return Snapshot(
            {
                "taken": "2026-11-21T10:00:00+00:00",
                "lab": lab.as_data(),
                "rubric": {"points": {}, "left_out": [], "waived": {}} | terms,
                "target": {"account": "1", "partition": "aws", "region": "x", "emulated": True},
                "arns": {},
                "durations": {"state": 0.1, "probe": 1.5},
                "state": {},
                "probe": None,
            }
        )

    return give


def statuses(snapshot: Snapshot) -> dict[str, str]:
    return {name: outcome.status for name, outcome in decide(snapshot).items()}


def by_id(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in judge(snapshot)["checks"]}


def test_a_lab_where_all_passes_has_a_hundred_points(given: Callable[..., Snapshot]) -> None:
    result = judge(given({}))
    assert (result["score"], result["max_score"]) == (100, 100)
    assert {row["status"] for row in result["checks"]} == {PASSED}


def test_a_failure_tells_expected_found_and_the_next_step(given: Callable[..., Snapshot]) -> None:
    row = by_id(given({"role.exists": fails}))["role.exists"]
    assert (row["status"], row["expected"], row["found"]) == (FAILED, "blue", "red")
    assert row["hint"] == "Mend my-role."
    assert row["command"] == "aws mend my-role"
    assert row["playbook"] == "ansible-playbook playbooks/create-role.yml -l mine"
    assert row["points"] == 0 < row["max_points"]


def test_what_rests_on_a_failure_is_blocked_by_its_root(given: Callable[..., Snapshot]) -> None:
    rows = by_id(given({"role.exists": fails, "transfer.invoked": fails}))
    assert rows["transfer.invoked"]["status"] == BLOCKED
    assert rows["transfer.invoked"]["blocked_by"] == ["role.exists"]
    assert rows["transfer.invoked"]["points"] == 0


def test_what_passes_though_it_rests_on_a_failure_has_its_points(
    given: Callable[..., Snapshot],
) -> None:
    snapshot = given({"role.exists": fails})
    assert statuses(snapshot) == dict.fromkeys(IDS, PASSED) | {"role.exists": FAILED}
    assert judge(snapshot)["score"] == 75


def test_what_cannot_be_read_is_an_error_and_so_is_what_rests_on_it(
    given: Callable[..., Snapshot],
) -> None:
    rows = by_id(given({"role.exists": cannot_tell, "transfer.invoked": fails}))
    assert rows["role.exists"]["status"] == ERROR
    assert rows["role.exists"]["found"] == "AccessDenied from get_role: no right"
    assert rows["transfer.invoked"]["status"] == ERROR
    assert "role.exists" in rows["transfer.invoked"]["found"]


def test_an_error_far_below_is_an_error_all_the_way_up(given: Callable[..., Snapshot]) -> None:
    checks = {"role.exists": cannot_tell, "function.exists": fails, "transfer.invoked": fails}
    found = statuses(given(checks))
    assert found["function.exists"] == found["transfer.invoked"] == ERROR


def test_a_failure_may_name_more_that_it_rests_on(given: Callable[..., Snapshot]) -> None:
    def fails_in_a_way(_: Snapshot) -> None:
        raise Failure("blue", "red", rests_on=("source-bucket.exists",))

    assert statuses(given({"role.exists": fails_in_a_way}))["role.exists"] == FAILED
    both = {"role.exists": fails_in_a_way, "source-bucket.exists": fails}
    assert decide(given(both))["role.exists"].blocked_by == ("source-bucket.exists",)


def test_a_check_that_breaks_blames_nobody(given: Callable[..., Snapshot]) -> None:
    row = by_id(given({"role.exists": breaks}))["role.exists"]
    assert row["status"] == ERROR
    assert "KeyError" in row["found"]


def test_a_waiver_gives_the_points_until_its_end(given: Callable[..., Snapshot]) -> None:
    until = {"role.exists": {"reason": "rooms without IAM", "until": "2026-11-21"}}
    rows = by_id(given({"role.exists": fails}, waived=until))
    assert rows["role.exists"]["status"] == FAILED
    assert rows["role.exists"]["points"] == rows["role.exists"]["max_points"]
    assert rows["role.exists"]["waived"]["reason"] == "rooms without IAM"
    until["role.exists"]["until"] = "2026-11-20"
    assert by_id(given({"role.exists": fails}, waived=until))["role.exists"]["points"] == 0


def test_what_is_left_out_is_not_shown_but_still_explains(given: Callable[..., Snapshot]) -> None:
    snapshot = given({"role.exists": fails, "function.exists": fails}, left_out=["role.exists"])
    rows = by_id(snapshot)
    assert set(rows) == set(IDS) - {"role.exists"}
    assert rows["function.exists"]["blocked_by"] == ["role.exists"]
    assert judge(snapshot)["max_score"] == 100


def test_long_findings_are_cut(given: Callable[..., Snapshot]) -> None:
    def tells_a_lot(_: Snapshot) -> None:
        raise Failure("a word", "x" * 10**6)

    row = by_id(given({"role.exists": tells_a_lot}))["role.exists"]
    assert len(row["found"]) < judging.LONGEST_TEXT + 10
