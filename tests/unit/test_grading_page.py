"""docs/grading.md tells how to add a check: what it tells works as it stands there."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from labproof.aws.answers import error_of
from labproof.evidence.snapshot import Snapshot
from labproof.grading import rubric as rubrics
from labproof.grading.hints import next_step
from labproof.grading.judge import Outcome, ask, judge
from labproof.grading.terms import read_terms
from labproof.labs.grants import targets
from labproof.labs.lab import LabError
from tests.support.account import KEY_ARN, PLACE, a_whole_lab

PAGE = Path(__file__).parents[2] / "docs" / "grading.md"
ID = "logs.retention"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of checks with the page's own among them."""
    folder = tmp_path / "checks"
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    shutil.copytree(rubrics.FOLDER, folder)
    (folder / "test_of_the_page.py").write_text(block)
    monkeypatch.setattr(rubrics, "FOLDER", folder)
    rubrics.rubric.cache_clear()
    yield
    rubrics.rubric.cache_clear()
    sys.modules.pop(f"{rubrics.PACKAGE}.test_of_the_page")


def a_snapshot(log_group: Any) -> Snapshot:
    """Return a lab that has the check, and of which no more is known than its log group."""
    lab = a_whole_lab()
    lab = evolve(lab, requirements=(*lab.requirements, ID))
    return Snapshot(
        {
            "taken": "2026-11-21T10:00:00+00:00",
            "lab": lab.as_data(),
            "rubric": {"points": {}, "left_out": [], "waived": {}},
            "target": PLACE | {"emulated": False},
            "arns": targets(lab, KEY_ARN, **PLACE),
            "durations": {"state": 0.1},
            "state": {"log_group": log_group},
            "probe": None,
        }
    )


def said(log_group: Any) -> Outcome:
    return ask(rubrics.rubric()[ID], a_snapshot(log_group))


@pytest.mark.usefixtures("written")
def test_the_check_of_the_page_judges() -> None:
    kept = {"name": "/aws/lambda/ada-ingest", "retention_days": 14}
    assert said(kept) == Outcome("passed")
    for_ever = said(kept | {"retention_days": None})
    assert for_ever == Outcome("failed", "31 days or less", "for ever")
    assert said(None).status == "failed"
    assert said(error_of("describe_log_groups", "AccessDenied")).status == "error"


@pytest.mark.usefixtures("written")
def test_its_row_has_title_points_and_the_next_step() -> None:
    found = judge(a_snapshot({"retention_days": 14}))
    row = next(check for check in found["checks"] if check["id"] == ID)
    assert (row["status"], row["points"]) == ("passed", row["max_points"])
    assert row["title"] == "The function's log is kept for a month at most."
    assert (row["max_points"] > 0, found["max_score"]) == (True, 100)
    step = next_step(a_snapshot(None), rubrics.rubric()[ID], True)
    assert step["hint"] == "Keep the log of ada-ingest for a month."
    assert "--log-group-name /aws/lambda/ada-ingest " in step["command"]


@pytest.mark.usefixtures("written")
def test_a_lab_may_ask_for_it() -> None:
    lab = a_whole_lab()
    read_terms("ada", evolve(lab, requirements=(*lab.requirements, ID)), {})


def test_a_requirement_without_a_check_is_told() -> None:
    lab = a_whole_lab()
    with pytest.raises(LabError, match="of ada: there is no check for 'logs"):
        read_terms("ada", evolve(lab, requirements=(*lab.requirements, ID)), {})
