"""The pages of docs/: their commands build labs that verify.yml proves; nothing is left out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from labproof.ansible.inventory import read_host
from labproof.aws.connection import Connection
from labproof.grading.terms import Terms
from labproof.labs.declaring import declared
from labproof.labs.lab import VARIABLES
from tests.support import aws_cli
from tests.support.grading import grade, told
from tests.support.pages import AWS, DOCS, LABS, Lab, script
from tests.support.world import PROJECT, SANDBOX_INVENTORY, Run, World

TIMEOUT_S = 240
by_cli = pytest.mark.once(reason="the AWS CLI, which builds, has a Python of its own")
needs_cli = pytest.mark.skipif(AWS is None, reason="needs the AWS CLI (make bench installs one)")


def run_script(lab: Lab, world: World, home: Path, cli: Path) -> subprocess.Popen[str]:
    """Start a lab's commands in an account of its own, as a learner's shell would run them."""
    environment = {
        "PATH": f"{cli}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_ENDPOINT_URL": world.sandbox.endpoint_url,
        "AWS_CA_BUNDLE": str(world.sandbox.ca_bundle),
        "AWS_ACCESS_KEY_ID": lab.account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return subprocess.Popen(
        ["sh", "-euc", script(lab)],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def write_inventory(folder: Path, home: Path) -> Path:
    """Write the project's inventory with other accounts, and the client hosts in ``home``."""
    shutil.copytree(SANDBOX_INVENTORY, folder)
    for host, lab in LABS.items():
        path = folder / "host_vars" / f"{host}.yml"
        variables: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        ours = {"aws_account_id": lab.account, "lab_client_dir": str(home / host)}
        path.write_text(yaml.safe_dump(variables | ours))
    return folder


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the command ``aws``."""
    python = aws_cli.python_of(str(AWS))
    if python is None:
        yield Path(str(AWS)).parent
        return
    folder = tmp_path_factory.mktemp("cli")
    address = folder / "socket"
    aws_cli.write_command(folder / "bin", address)
    server = subprocess.Popen([python, aws_cli.__file__, "serve", str(address)])
    deadline = time.monotonic() + 30
    while not address.exists() and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    yield folder / "bin" if address.exists() else Path(str(AWS)).parent
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def outputs(
    world: World, cli: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[int, str]]:
    """Run the commands of every lab, all at once; each lab's exit code and output."""
    home = tmp_path_factory.mktemp("home")
    world.inventory = write_inventory(home / "inventory", home)
    running = {host: run_script(lab, world, home, cli) for host, lab in LABS.items()}
    try:
        said = {host: shell.communicate(timeout=TIMEOUT_S)[0] for host, shell in running.items()}
    finally:
        for shell in running.values():
            shell.kill()
    return {host: (shell.returncode, said[host]) for host, shell in running.items()}


@pytest.fixture(scope="module")
def proof(world: World, outputs: dict[str, tuple[int, str]]) -> Run:
    return world.play("verify.yml")


@needs_cli
@by_cli
@pytest.mark.parametrize("host", LABS)
def test_the_commands_of_a_page_run(outputs: dict[str, tuple[int, str]], host: str) -> None:
    code, output = outputs[host]
    assert code == 0, output[-2000:]


@needs_cli
@by_cli
@pytest.mark.parametrize("host", LABS)
def test_a_lab_built_by_hand_is_proved(proof: Run, host: str) -> None:
    assert proof.recap[host]["failures"] == 0, proof.message(host)
    assert f"{host} works: " in proof.output


@needs_cli
@by_cli
@pytest.mark.parametrize("host", LABS)
def test_a_lab_built_by_hand_has_all_points(world: World, proof: Run, host: str) -> None:
    assert told(grade(world.lab(host))) == []


@pytest.mark.parametrize("host", LABS)
def test_a_page_names_every_requirement_of_its_lab_once(host: str) -> None:
    wanted = read_host(str(SANDBOX_INVENTORY), host).lab.requirements
    text = (DOCS / LABS[host].page).read_text("utf-8")
    named = re.findall(r"^\| `([a-z-]+\.[a-z-]+)` \|", text, re.MULTILINE)
    assert sorted(named) == sorted(wanted)


def test_the_inventory_page_names_every_variable() -> None:
    others = [v.name for holder in (Connection, Terms) for v in declared(holder).values()]
    text = (DOCS / "inventory.md").read_text("utf-8")
    assert {v for v in (*VARIABLES, *others) if f"`{v}`" not in text} == set()


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: str(page.name))
def test_what_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [page.parent / link for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", text)]
    files = re.findall(r"\b(?:playbooks|files|roles|plugins|tests)/[\w./-]+\.(?:ya?ml|py)\b", text)
    missing = [p for p in [*links, *(PROJECT / name for name in files)] if not p.exists()]
    assert missing == []
