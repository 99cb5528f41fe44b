"""Accounts that refuse what grading asks, or expire in the middle: errors, never failures.

A few of what ``make accuracy`` tries (tests/accuracy/hostile.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import pytest

from tests.support.labs import Bench

from .hostile import (
    DENIED,
    THROTTLED,
    Grading,
    denials,
    expired,
    hostile_account,
    refused,
    throttles,
)
from .verdicts import Verdicts

pytestmark = pytest.mark.once(reason="what AWS refuses is told by the SDK")

CHOSEN = {
    "event-copy": [
        "throttled: iam.GetRolePolicy",
        "throttled: sts.GetCallerIdentity",
        "throttled in the probe: logs.FilterLogEvents",
        "throttled in the probe: s3.GetObject",
        "denied: s3:GetBucketPolicy",
        "denied: s3:ListBucket",
    ],
    "file-metadata": [
        "throttled: dynamodb.DescribeTable",
        "throttled in the probe: s3.UploadPart",
        "denied in the probe: dynamodb:Query",
    ],
    "secure-ingestion": [
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


@pytest.mark.parametrize("label", CHOSEN)
def test_what_an_account_refuses_is_an_error_that_names_it(
    bench: Bench, account: str, label: str
) -> None:
    entry, _ = bench.built(label, account)
    with hostile_account() as hostile:
        grading = Grading(entry, hostile)
        refusals = {one.what: one for one in chain(throttles(grading), denials(grading))}
        found = [
            refused(grading, label, THROTTLED if name.startswith("throttled") else DENIED, one)
            for name, one in refusals.items()
            if name in CHOSEN[label]
        ]
        found += expired(grading, label, [EXPIRED_AFTER])
    assert wrong(found) == []
    assert {v.name for v in found} > set(CHOSEN[label])
    assert all("error" in v.statuses.values() for v in found)
