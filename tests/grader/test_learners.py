"""Learners' labs, built by other hands under other names: whole, empty, and half-way."""

from __future__ import annotations

import pytest

from .conftest import KINDS, Enrol, grade, statuses, told
from .learner import STEPS, build

# What each step earns in a file-transfer lab, in the learner's order.
EARNED = {
    "": {"client.files"},
    "source bucket": {
        *("source-bucket.exists", "source-bucket.public-access", "source-bucket.policy"),
        "source-bucket.anonymous-read",
    },
    "destination bucket": {
        *("destination-bucket.exists", "destination-bucket.private"),
        "destination-bucket.anonymous-denied",
    },
    "role": {
        *("role.exists", "role.trusts-lambda", "role.can-write-logs", "role.can-read-source"),
        *("role.can-write-destination", "role.can-write-table", "role.policies"),
    },
    "function": {
        *("function.exists", "function.runtime", "function.uses-role", "function.deployed"),
    },
    "table": {"table.exists", "table.key", "table.active"},
    "trigger": {
        *("trigger.permission", "trigger.configured", "transfer.invoked", "transfer.copied"),
        *("transfer.audited", "transfer.hard-keys"),
        *("logs.group", "logs.no-errors", "logs.metrics"),
    },
    "sample": {"client.upload"},
}
# What a learner is told to do next: the things that are not there, and do not wait for another.
FIRST_STEPS = {
    "source bucket": {"source-bucket.exists"},
    "destination bucket": {"destination-bucket.exists"},
    "role": {"role.exists"},
    "function": {"function.exists"},
    "table": {"table.exists"},
    "trigger": {"trigger.permission", "trigger.configured"},
    "sample": {"client.upload"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_lab_built_with_an_sdk_under_other_names_has_all_points(enrol: Enrol, kind: str) -> None:
    entry = enrol(kind)
    build(entry.lab, entry.connection)
    result = grade(entry)
    assert told(result) == []
    assert (result["score"], result["max_score"]) == (100, 100)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_account_is_told_the_first_steps(enrol: Enrol, kind: str) -> None:
    result = grade(enrol(kind))
    found = statuses(result)
    failed = {name for name, status in found.items() if status == "failed"}
    assert all(name.endswith(".exists") or name.startswith("trail.") for name in failed)
    assert set(found.values()) <= {"failed", "blocked", "passed"}
    assert result["score"] <= 5
    assert all(r["hint"] and r["command"] for r in result["checks"] if r["status"] == "failed")


def test_a_lab_built_half_way_has_the_verdicts_of_its_steps(enrol: Enrol) -> None:
    entry = enrol("file_transfer")
    earned = set(EARNED[""])
    waiting = dict(FIRST_STEPS)
    for name, step in STEPS.items():
        if name not in EARNED:
            continue
        step(entry.lab, entry.connection)
        earned |= EARNED[name]
        waiting.pop(name)
        result = grade(entry, timeout=5)
        found = statuses(result)
        assert {i for i, status in found.items() if status == "passed"} == earned, (
            name,
            told(result),
        )
        failed = {i for i, status in found.items() if status == "failed"}
        assert failed <= set().union(*waiting.values()), (name, told(result))
        assert "error" not in found.values()
    assert set(found.values()) == {"passed"}
