"""A sandbox of its own for each test module, empty or with labs in it, to run playbooks against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.built_labs import built_once
from tests.support.world import World


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="module")
def world(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An empty sandbox."""
    folder = tmp_path_factory.mktemp("world") / "sandbox"
    with World.running(folder, shared / "bytecode") as running:
        yield running


@pytest.fixture(scope="session")
def five_labs(shared: Path) -> Path:
    """The folder of a sandbox, stopped, with the labs of inventory/sandbox in it."""
    return built_once(shared / "labs", shared / "bytecode")


@pytest.fixture(scope="module")
def built(
    five_labs: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A sandbox that begins with the five labs, as ``site.yml`` built them."""
    folder = tmp_path_factory.mktemp("built") / "sandbox"
    shutil.copytree(five_labs, folder)
    with World.running(folder, shared / "bytecode") as running:
        yield running
