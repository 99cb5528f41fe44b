"""Learners' labs, built by other hands under other names: whole, empty, and half-way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labproof.sandbox import Sandbox
from tests.accuracy import report
from tests.accuracy.halfway import EARNED, halfway
from tests.accuracy.labs import Bench
from tests.support.grading import KINDS, grade, statuses

from .conftest import Enrol


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_account_is_told_the_first_steps(enrol: Enrol, kind: str) -> None:
    result = grade(enrol(kind))
    found = statuses(result)
    failed = {name for name, status in found.items() if status == "failed"}
    assert all(name.endswith(".exists") or name.startswith("trail.") for name in failed)
    assert set(found.values()) <= {"failed", "blocked", "passed"}
    assert result["score"] <= 5
    assert all(r["hint"] and r["command"] for r in result["checks"] if r["status"] == "failed")


@pytest.mark.parametrize("label", EARNED)
def test_each_step_of_a_lab_built_with_an_sdk_earns_its_verdicts_and_all_steps_all(
    sandbox: Sandbox, accounts: Iterator[str], tmp_path: Path, label: str
) -> None:
    found = halfway(Bench(sandbox, tmp_path), label, next(accounts))
    assert report.told(found) == []
    assert set(found[-1].statuses.values()) == {"passed"}
