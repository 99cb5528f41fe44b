"""A sandbox of its own for each test module, empty or with labs in it, to run playbooks against."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labproof.labs.package import zip_bytes
from tests.support.built_labs import built_once
from tests.support.world import Run, World

ACCOUNT = "700000000001"  # of tasks that belong to no lab
COLLECTIONS = ("amazon.aws", "community.aws")
Play = Callable[..., Run]


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


@pytest.fixture
def play(world: World, tmp_path: Path) -> Play:
    """Run tasks, as ``{action: arguments}``, one after another in ACCOUNT."""

    def run(*tasks: dict[str, Any], options: tuple[str, ...] = ()) -> Run:
        connection = "{{ lookup('aws_connection') }}"
        playbook = {
            "hosts": "localhost",
            "vars": {
                "ansible_python_interpreter": sys.executable,
                "aws_endpoint_url": world.sandbox.endpoint_url,
                "aws_ca_bundle": str(world.sandbox.ca_bundle),
                "aws_region": "us-east-1",
                "aws_access_key": ACCOUNT,
                "aws_secret_key": "sandbox-only",
            },
            "module_defaults": {f"group/{name}.aws": connection for name in COLLECTIONS},
            "tasks": list(tasks),
        }
        path, inventory = tmp_path / "play.yml", tmp_path / "hosts"
        path.write_text(json.dumps([playbook]))
        inventory.write_text("localhost ansible_connection=local\n")
        return world.play(str(path), *options, inventory=inventory)

    return run


def create_function(world: World, name: str) -> None:
    """Create a function in the account of the plays, with a role that Lambda may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    statement = trust | {"Action": "sts:AssumeRole"}
    role = (
        world.connection(ACCOUNT)
        .client("iam")
        .create_role(
            RoleName=f"{name}-role",
            AssumeRolePolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [statement]}
            ),
        )
    )
    world.connection(ACCOUNT).client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.14",
        Role=role["Role"]["Arn"],
        Handler="f.handler",
        Code={"ZipFile": zip_bytes({"f.py": ""})},
    )


def let_invoke(world: World, bucket: str, function: str) -> None:
    """Let a bucket invoke a function."""
    world.connection(ACCOUNT).client("lambda").add_permission(
        FunctionName=function,
        StatementId=bucket,
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=ACCOUNT,
    )
