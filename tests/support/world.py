"""A running sandbox with the project's inventory, and what a playbook run on it did."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from labproof.ansible.inventory import read_host
from labproof.aws.connection import Connection
from labproof.evidence.taking import InventoryLab
from labproof.sandbox import Sandbox
from tests.support.grading import SETTINGS
from tests.support.sandboxes import free_port

PROJECT = Path(__file__).parents[2]
SANDBOX_INVENTORY = PROJECT / "inventory" / "sandbox"


@dataclass
class Run:
    """What a playbook run did: its exit code, the recap per host, and what its tasks said."""

    code: int
    recap: dict[str, dict[str, int]]
    messages: dict[str, list[str]]
    output: str

    @property
    def changed(self) -> dict[str, int]:
        return {host: counts["changed"] for host, counts in self.recap.items()}

    def message(self, host: str) -> str:
        """The message of the task that failed on a host."""
        return "\n".join(self.messages.get(host, []))


@dataclass
class World:
    """A running sandbox with the project's inventory."""

    sandbox: Sandbox
    environment: dict[str, str]
    inventory: Path = SANDBOX_INVENTORY

    @classmethod
    @contextmanager
    def running(cls, folder: Path, bytecode: Path) -> Iterator[World]:
        """Start a sandbox in a folder, with what is in it, and stop it in the end.

        Where the caller's setting forbids Python to write bytecode beside the code, ``bytecode``
        is the folder for it: else each of some hundred processes compiles the project again.
        """
        sandbox = Sandbox(folder, free_port(), SETTINGS)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "AWS_"))}
        if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
            kept["PYTHONPYCACHEPREFIX"] = str(bytecode)
        mine = {"SANDBOX_PORT": str(sandbox.port), "SANDBOX_FOLDER": str(folder)}
        sandbox.start()
        try:
            yield cls(sandbox, kept | mine | {"ANSIBLE_NOCOLOR": "1"})
        finally:
            sandbox.stop()

    def play(self, playbook: str, *options: str, inventory: Path | None = None) -> Run:
        """Run a playbook; failures are for the test to judge."""
        command = [str(Path(sys.executable).parent / "ansible-playbook"), playbook]
        command += ["-i", str(inventory or self.inventory), *options]
        environment = self.environment | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
        done = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300
        )
        output = done.stdout + done.stderr
        start = done.stdout.find("{\n")
        if start < 0:
            return Run(done.returncode, {}, {}, output)
        report, _ = json.JSONDecoder().raw_decode(done.stdout[start:])
        return Run(done.returncode, report["stats"], failures(report), output)

    def check(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Judge the labs' state with the checks."""
        command = [sys.executable, "-m", "pytest", "tests/checks", "-q", "-p", "no:cacheprovider"]
        command += ["-n0", "--hosts=ansible://all", f"--ansible-inventory={self.inventory}"]
        return subprocess.run(
            [*command, *options], cwd=PROJECT, env=self.environment, capture_output=True, text=True
        )

    def lab(self, host: str) -> InventoryLab:
        """Return a lab as a playbook sees it: the inventory looks into the environment."""
        with patch.dict(os.environ, self.environment):
            return read_host(str(self.inventory), host)

    def connection(self, account: str) -> Connection:
        return Connection(
            endpoint_url=self.sandbox.endpoint_url,
            ca_bundle=str(self.sandbox.ca_bundle),
            access_key=account,
            secret_key="sandbox-only",
        )


def failures(report: dict[str, Any]) -> dict[str, list[str]]:
    """Return the messages of failed tasks by host."""
    found: dict[str, list[str]] = {}
    for play in report["plays"]:
        for task in play["tasks"]:
            for host, result in task["hosts"].items():
                if result.get("failed"):
                    found.setdefault(host, []).append(str(result.get("msg")))
    return found


def write_inventory(folder: Path, groups: dict[str, Any]) -> Path:
    """Write an inventory of labs on a world's sandbox: groups, as ``hosts.yml`` has them."""
    shutil.copytree(SANDBOX_INVENTORY / "group_vars", folder / "group_vars")
    (folder / "hosts.yml").write_text(json.dumps(groups))
    return folder


def file_transfer_names(prefix: str, account: str) -> dict[str, Any]:
    """Inventory variables of a complete lab."""
    return {
        "aws_account_id": account,
        "lab_source_bucket": f"{prefix}-public",
        "lab_destination_bucket": f"{prefix}-private",
        "lab_function": f"{prefix}-copy",
        "lab_table": f"{prefix}-logs",
        "lab_role": "lambda_execution_role",
    }
