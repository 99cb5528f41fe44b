"""create-grader.yml: made once, unchanged by a second run, enough to grade with, and removed."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.learner import build
from tests.support.world import World, write_inventory

PLAYBOOK = "playbooks/create-grader.yml"
ACCOUNT, HOSTS = "710000000001", ("ada", "zoë of 5")
# IAM knows no other letters than ASCII's, so a mark keeps hosts apart.
MARK = sha256(HOSTS[1].encode()).hexdigest()[:8]
POLICIES = ("labproof-grader-ada", f"labproof-grader-zo--of-5-{MARK}")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/labproof-grader"
AS_GRADER = ("-e", f"aws_assume_role_arn={ROLE}", "-e", "aws_external_id=grade-5")
EXTERNAL_ID = ("-e", "grader_external_id=grade-5")


def names(host: str) -> dict[str, Any]:
    mine = f"lab-{HOSTS.index(host)}"
    parts = ("source_bucket", "destination_bucket", "function", "role")
    return {"aws_account_id": ACCOUNT} | {f"lab_{part}": f"{mine}-{part[:4]}" for part in parts}


@pytest.fixture(scope="module")
def labs(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two labs in one account, the first of them built."""
    folder = tmp_path_factory.mktemp("class") / "inventory"
    hosts = {"event_copy": {"hosts": {host: names(host) for host in HOSTS}}}
    world.inventory = write_inventory(folder, hosts)
    entry = world.lab("ada")
    build(entry.lab, entry.connection)
    return world


def rights(world: World) -> set[str] | None:
    """Return the policies of the grader's role; None where there is no such role."""
    iam = world.connection(ACCOUNT).client("iam")
    try:
        found = iam.list_attached_role_policies(RoleName="labproof-grader")["AttachedPolicies"]
    except ClientError:
        return None
    return {policy["PolicyName"] for policy in found}


def test_it_is_made_and_unmade(labs: World, tmp_path: Path) -> None:
    dry = labs.play(PLAYBOOK, "--check", "-l", "ada", *EXTERNAL_ID)
    assert dry.code == 0, dry.messages
    assert (all(dry.changed.values()), rights(labs)) == (True, None)
    made = labs.play(PLAYBOOK, *EXTERNAL_ID)
    assert made.code == 0, made.messages
    assert rights(labs) == set(POLICIES)
    again = labs.play(PLAYBOOK, "-l", "ada", *EXTERNAL_ID)
    assert (again.code, again.changed) == (0, {"ada": 0}), again.messages
    the_role_grades(labs, tmp_path / "reports")
    gone = ("-e", "grader_state=absent")
    assert labs.play(PLAYBOOK, "-l", "ada", *gone).code == 0
    assert rights(labs) == {POLICIES[1]}
    left = labs.play(PLAYBOOK, *gone)
    assert (left.code, rights(labs)) == (0, None), left.messages


def the_role_grades(labs: World, reports: Path) -> None:
    """Grade as the role, which IAM holds to its policy."""
    run = labs.play("grade.yml", "-l", "ada", "-e", f"grade_reports={reports}", *AS_GRADER)
    assert run.code == 0, run.messages
    (lab,) = json.loads((reports / "latest" / "results.json").read_text("utf-8"))["labs"]
    missing = [check for check in lab["checks"] if check["status"] != "passed"]
    assert (lab["score"], missing) == (100, [])
