"""A quick part of the matrix (`make accuracy`): some faults in a lab of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labproof.faults import catalogue
from labproof.sandbox import Sandbox
from tests.accuracy.labs import Bench
from tests.accuracy.matrix import one
from tests.accuracy.report import told

QUICK = {
    "xfusion": ("destination-public", "item-buckets-swapped", "public-policy-writes"),
    "event-copy": ("trust-one-more", "keys-in-lower-case", "too-much-deletion"),
    "file-metadata": ("permission-any-account", "size-is-text"),
    "secure-ingestion": ("http-denied-for-objects", "trail-other-bucket", "user-uploads"),
}


@pytest.mark.parametrize("label", QUICK)
def test_planted_faults_are_found_and_nothing_else(
    sandbox: Sandbox, accounts: Iterator[str], tmp_path: Path, label: str
) -> None:
    entry, place = Bench(sandbox, tmp_path).built(label, next(accounts))
    found = [one(catalogue()[name], label, entry, place) for name in QUICK[label]]
    assert told(found) == []
    assert all("failed" in verdicts.statuses.values() for verdicts in found)
