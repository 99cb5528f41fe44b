"""A sandbox of its own for each test module, and a way to run playbooks against it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labproof.sandbox import Sandbox
from tests.support.sandboxes import free_port
from tests.support.world import SANDBOX_INVENTORY, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, port = tmp_path_factory.mktemp("world") / "sandbox", free_port()
    settings = {"SANDBOX_PORT": str(port), "SANDBOX_FOLDER": str(folder), "ANSIBLE_NOCOLOR": "1"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "AWS_"))}
    os.environ |= settings  # for the inventory that tests read in this process
    sandbox = Sandbox(folder, port)
    sandbox.start()
    yield World(sandbox, kept | settings)
    sandbox.stop(timeout=5)


@pytest.fixture
def inventory_with(tmp_path: Path) -> Callable[..., Path]:
    """Write an inventory of file-transfer labs on the world's sandbox, with chosen variables."""

    def write(**hosts: dict[str, Any]) -> Path:
        groups = {"file_transfer": {"hosts": hosts}}
        folder = tmp_path / "inventory"
        (folder / "group_vars").mkdir(parents=True)
        (folder / "hosts.yml").write_text(json.dumps(groups))
        defaults = (SANDBOX_INVENTORY / "group_vars" / "all.yml").read_text("utf-8")
        (folder / "group_vars" / "all.yml").write_text(defaults)
        return folder

    return write
