"""A quick part of the matrix (`make accuracy`): one fault of each sort, in each kind of lab."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labproof.sandbox import Sandbox
from tests.accuracy.labs import SETTINGS, Bench
from tests.accuracy.matrix import run
from tests.accuracy.report import told, totals

from ..sandbox.sandbox_clients import free_port

QUICK = (
    *("destination-public", "public-policy-writes", "client-sample-missing", "sample-other"),
    *("logs-policy-detached", "own-policy-missing", "table-key-number", "item-buckets-swapped"),
    *("keys-in-lower-case", "placeholder-table", "size-is-text", "metadata-lost"),
    *("right-missing-copying", "too-much-deletion", "trust-one-more", "permission-any-account"),
    *("http-denied-for-objects", "key-not-rotated", "numbers-as-text", "trail-other-bucket"),
    *("password-in-environment", "user-uploads", "trigger-missing"),
)
COPIES = {"xfusion": 1, "devops": 1, "event-copy": 1, "file-metadata": 1, "secure-ingestion": 1}


@pytest.mark.skipif(
    "TEST_FAULTS" not in os.environ,
    reason="needs the machine for itself, for a minute or two: TEST_FAULTS=1, or make accuracy",
)
def test_planted_faults_are_found_and_nothing_else(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "sandbox", free_port(), SETTINGS)
    sandbox.start()
    try:
        found = run(Bench(sandbox, tmp_path / "clients"), QUICK, COPIES)
    finally:
        sandbox.stop(timeout=5)
    assert told(found) == []
    assert totals(found)["faults"] == len(QUICK)
