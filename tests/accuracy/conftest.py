"""Runs of the proof that are quick enough for tests; ``make accuracy`` does all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labproof.sandbox import Sandbox
from tests.support.fixtures import account, accounts, sandbox
from tests.support.labs import Bench

__all__ = ["account", "accounts", "bench", "sandbox"]


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Bench:
    return Bench(sandbox, tmp_path)
