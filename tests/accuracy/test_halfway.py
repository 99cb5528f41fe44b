"""Learners' labs, graded after each step: what is there earns its verdicts, and nothing else."""

from __future__ import annotations

import pytest

from tests.support.labs import Bench

from .halfway import EARNED, halfway
from .report import told


@pytest.mark.parametrize("label", EARNED)
def test_each_step_of_a_lab_built_with_an_sdk_earns_its_verdicts_and_all_steps_all(
    bench: Bench, account: str, label: str
) -> None:
    found = halfway(bench, label, account)
    assert told(found) == []
    assert set(found[-1].statuses.values()) == {"passed"}
