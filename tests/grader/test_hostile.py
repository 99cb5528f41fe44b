"""Accounts that refuse what grading asks, or expire in the middle: errors, never failures.

A few of what ``make accuracy`` tries (tests/accuracy/hostile.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import pytest

from tests.accuracy.hostile import (
    DENIED,
    THROTTLED,
    Grading,
    denials,
    expired,
    hostile_account,
    refused,
    throttles,
)
from tests.accuracy.verdicts import Verdicts
from tests.support.learner import build

from .conftest import Enrol

CHOSEN = {
    "event_copy": [
        "throttled: iam.GetRolePolicy",
        "throttled: sts.GetCallerIdentity",
        "throttled in the probe: logs.FilterLogEvents",
        "throttled in the probe: s3.GetObject",
        "denied: s3:GetBucketPolicy",
        "denied: s3:ListBucket",
    ],
    "file_metadata": [
        "throttled: dynamodb.DescribeTable",
        "throttled in the probe: s3.UploadPart",
        "denied in the probe: dynamodb:Query",
    ],
    "secure_ingestion": [
        "throttled: cloudtrail.GetEventSelectors",
        "throttled in the probe: iam.CreateRole",
        "denied: kms:GetKeyPolicy",
        "denied in the probe: s3:PutObject",
        "denied in the probe: sts:AssumeRole",
    ],
}
EXPIRED_AFTER = 0.1  # of an ordinary run's calls


@dataclass(frozen=True)
class Wrong:
    """What a hostility came to, if not to what it should."""

    name: str
    alarms: list[str]
    said: list[str]


def wrong(found: list[Verdicts]) -> list[Wrong]:
    return [
        Wrong(v.name, v.alarms, [v.found.get(alarm.split(": ")[-1], "") for alarm in v.alarms])
        for v in found
        if v.alarms
    ]


@pytest.mark.parametrize("kind", CHOSEN)
def test_what_an_account_refuses_is_an_error_that_names_it(enrol: Enrol, kind: str) -> None:
    entry = enrol(kind)
    build(entry.lab, entry.connection)
    with hostile_account() as account:
        grading = Grading(entry, account)
        refusals = {one.what: one for one in chain(throttles(grading), denials(grading))}
        found = [
            refused(grading, kind, THROTTLED if name.startswith("throttled") else DENIED, one)
            for name, one in refusals.items()
            if name in CHOSEN[kind]
        ]
        found += expired(grading, kind, [EXPIRED_AFTER])
    assert wrong(found) == []
    assert {v.name for v in found} > set(CHOSEN[kind])
    assert all("error" in v.statuses.values() for v in found)
