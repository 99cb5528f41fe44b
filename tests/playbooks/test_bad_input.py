"""Mistakes of people: one sentence that names the thing and the remedy, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.sandboxes import policy
from tests.support.world import Run, World, write_inventory
from tests.support.world import file_transfer_names as names

OTHER = "200000000099"
ROLE = "lambda_execution_role"
NO_TYPES = {"lab_function_timeout": "abc", "lab_hardened": "maybe", "lab_role_policies": 5}
# What is wrong with each lab of a class; None is a variable that is not there.
MISTAKES: dict[str, dict[str, Any]] = {
    "capital": {"lab_source_bucket": "Ada_Bucket"},
    "types": NO_TYPES,
    "missing": {"lab_table": None},
    "ada": {},
    "bob": {"lab_destination_bucket": "ada-private"},
    "roommate": {"aws_account_id": "200000000003"},  # the account of ada
    "key": {},
    "trust": {},
    "taken": {},
    "homeless": {"aws_account_id": None},  # to which other variables of the inventory refer
    "lender": {"aws_access_key": OTHER},
    "profile": {"aws_access_key": "", "aws_profile": "nowhere"},
}
# In the inventory, but out of the limit of the run
ABSENT = "bob"


def a_class() -> dict[str, Any]:
    """Return an inventory's groups: labs with a mistake each, and one in order."""
    labs = {}
    for number, host in enumerate([*MISTAKES, "fine"]):
        lab = names(host, str(200000000000 + number)) | MISTAKES.get(host, {})
        labs[host] = {name: value for name, value in lab.items() if value is not None}
    strange = {"strange": {"aws_account_id": OTHER}}
    return {"file_transfer": {"hosts": labs}, "strange_labs": {"hosts": strange}}


@pytest.fixture(scope="module")
def mistaken(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world with the class, in which others were before: they own what some labs want."""
    world.inventory = write_inventory(tmp_path_factory.mktemp("class") / "inventory", a_class())
    world.connection(account("key")).client("dynamodb").create_table(
        TableName="key-logs",
        AttributeDefinitions=[{"AttributeName": "LogID", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "LogID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    trust = policy({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam = world.connection(account("trust")).client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    world.connection(OTHER).client("s3").create_bucket(Bucket="taken-public")
    return world


@pytest.fixture(scope="module")
def run(mistaken: World) -> Run:
    """Build the whole class but for one lab; every step of ``site.yml`` begins with this check."""
    run = mistaken.play("playbooks/create-source-bucket.yml", "-l", f"all:!{ABSENT}")
    assert run.code != 0, run.messages
    assert "Traceback" not in run.output
    return run


def account(host: str) -> str:
    return str(a_class()["file_transfer"]["hosts"][host]["aws_account_id"])


def refused(run: Run, host: str) -> str:
    """Expect that a lab failed before anything was changed, and return what was said of it."""
    assert run.recap[host]["failures"] == 1, run.recap
    assert run.changed[host] == 0, run.recap
    return run.message(host)


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("capital", "lab_source_bucket of capital, 'Ada_Bucket'"),
        ("missing", "lab_table is missing for missing"),
        ("ada", "The bucket 'ada-private' is claimed twice"),
        ("ada", "lab_destination_bucket of bob"),
        ("roommate", f"The role '{ROLE}' is claimed twice"),
        ("strange", "strange is no known lab: put it into one of the groups event_copy"),
        ("key", "The table 'key-logs' exists with the key LogID (N, HASH)"),
        ("trust", f"The role '{ROLE}' exists and trusts others"),
        ("taken", "The bucket name 'taken-public' is taken by another account"),
        ("lender", f"belong to account {OTHER}, aws_account_id asks for {account('lender')}"),
        ("homeless", "'aws_account_id' is undefined"),
        ("profile", "profile 'nowhere' (aws_profile) does not exist"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(run: Run, host: str, sentence: str) -> None:
    assert sentence in refused(run, host)


def test_values_of_the_wrong_type_are_all_told_in_the_suites_own_words(run: Run) -> None:
    said = refused(run, "types").splitlines()
    assert {line.partition(" must be ")[0] for line in said} == {f"{v} of types" for v in NO_TYPES}


def test_a_role_of_others_stays_as_it_is(mistaken: World, run: Run) -> None:
    role = mistaken.connection(account("trust")).client("iam").get_role(RoleName=ROLE)["Role"]
    assert "ec2.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
    assert "lambda.amazonaws.com" not in json.dumps(role["AssumeRolePolicyDocument"])


def test_broken_labs_do_not_hold_up_another(mistaken: World, run: Run) -> None:
    assert run.recap["fine"]["failures"] == 0, run.message("fine")
    assert mistaken.connection(account("fine")).client("s3").head_bucket(Bucket="fine-public")


def test_a_lab_that_the_inventory_does_not_have(world: World) -> None:
    run = world.play("site.yml", "-l", "nobody")
    assert run.code != 0
    assert "nobody" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("playbook", ["verify.yml", "destroy.yml"])
def test_a_sandbox_that_is_not_running(mistaken: World, playbook: str) -> None:
    run = mistaken.play(playbook, "-e", "sandbox_port=1", "-l", "ada:fine")
    assert run.code != 0
    for host in ("ada", "fine"):
        assert run.message(host).startswith("No AWS API answers at https://127.0.0.1:2")
        assert "playbooks/start-sandbox.yml" in run.message(host)
