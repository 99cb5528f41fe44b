"""A sandbox for all tests, and new ones for the tests that start and stop them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labproof.sandbox import Sandbox
from tests.support.sandboxes import free_port


@pytest.fixture
def new_sandbox(tmp_path: Path) -> Iterator[Callable[[], Sandbox]]:
    """Makes sandboxes, each in a folder and on ports of its own, and stops them."""
    made: list[Sandbox] = []

    def make() -> Sandbox:
        made.append(Sandbox(tmp_path / f"sandbox-{len(made)}", free_port()))
        return made[-1]

    yield make
    for sandbox in made:
        if (sandbox.folder / "lock").exists():
            sandbox.stop(timeout=0)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One running sandbox for all tests that only use it, started with a secret around."""
    shared = Sandbox(tmp_path_factory.mktemp("shared") / "sandbox", free_port())
    os.environ["SECRET_OF_THE_CALLER"] = "secret"
    shared.start()
    del os.environ["SECRET_OF_THE_CALLER"]
    yield shared
    shared.stop(timeout=0)
