"""Accounts in which a learner has not begun."""

from __future__ import annotations

import pytest

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
