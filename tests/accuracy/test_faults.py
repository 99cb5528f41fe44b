"""A quick part of the matrix (`make accuracy`): some faults in a lab of each kind."""

from __future__ import annotations

import pytest

from labproof.faults import catalogue
from tests.support.labs import Bench

from .matrix import one
from .report import told

pytestmark = pytest.mark.once(reason="the faults are the SDK's calls")

QUICK = {
    "xfusion": ("destination-public", "item-buckets-swapped", "public-policy-writes"),
    "event-copy": ("trust-one-more", "keys-in-lower-case", "too-much-deletion"),
    "file-metadata": ("permission-any-account", "size-is-text"),
    "secure-ingestion": ("http-denied-for-objects", "trail-other-bucket", "user-uploads"),
}


@pytest.mark.parametrize("label", QUICK)
def test_planted_faults_are_found_and_nothing_else(bench: Bench, account: str, label: str) -> None:
    entry, place = bench.built(label, account)
    found = [one(catalogue()[name], label, entry, place) for name in QUICK[label]]
    assert told(found) == []
    assert all("failed" in verdicts.statuses.values() for verdicts in found)
