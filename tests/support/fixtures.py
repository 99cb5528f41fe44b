"""Fixtures of those who grade labs: a sandbox for all of their tests, and accounts in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from labproof.sandbox import Sandbox
from tests.support.grading import SETTINGS
from tests.support.sandboxes import free_port


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = Sandbox(tmp_path_factory.mktemp("grading") / "sandbox", free_port(), SETTINGS)
    running.start()
    yield running
    running.stop(timeout=5)


@pytest.fixture(scope="session")
def accounts() -> Iterator[str]:
    return (str(number) for number in itertools.count(300000000001))


@pytest.fixture
def account(accounts: Iterator[str]) -> str:
    """An account that no other test has."""
    return next(accounts)
