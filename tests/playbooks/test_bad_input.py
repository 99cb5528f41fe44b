"""Mistakes of people: one sentence that names the thing and the remedy, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import World
from tests.support.world import file_transfer_names as names

InventoryWith = Callable[..., Path]
ACCOUNT = "200000000001"
OTHER = "200000000002"


def refused(world: World, inventory: Path, *options: str, host: str = "ada") -> str:
    """Run site.yml, expect it to fail before it changes anything, and return what it said."""
    run = world.play("site.yml", *options, inventory=inventory)
    assert run.code != 0, run.messages
    assert run.changed.get(host) == 0, run.messages
    assert "Traceback" not in run.output
    return run.message(host)


def test_a_bucket_name_that_s3_refuses(world: World, inventory_with: InventoryWith) -> None:
    lab = names("ada", ACCOUNT) | {"lab_source_bucket": "Ada_Bucket"}
    said = refused(world, inventory_with(ada=lab))
    assert "lab_source_bucket of ada, 'Ada_Bucket'" in said


def test_values_of_the_wrong_type_are_all_told_in_the_suites_own_words(
    world: World, inventory_with: InventoryWith
) -> None:
    wrong = {"lab_function_timeout": "abc", "lab_hardened": "maybe", "lab_role_policies": 5}
    said = refused(world, inventory_with(ada=names("ada", ACCOUNT) | wrong)).splitlines()
    assert {line.partition(" must be ")[0] for line in said} == {f"{v} of ada" for v in wrong}


def test_a_missing_variable(world: World, inventory_with: InventoryWith) -> None:
    lab = {k: v for k, v in names("ada", ACCOUNT).items() if k != "lab_table"}
    said = refused(world, inventory_with(ada=lab))
    assert said.startswith("lab_table is missing for ada")


def test_two_labs_with_the_same_bucket(world: World, inventory_with: InventoryWith) -> None:
    bob = names("bob", OTHER) | {"lab_destination_bucket": "ada-private"}
    inventory = inventory_with(ada=names("ada", ACCOUNT), bob=bob)
    said = refused(world, inventory, "-l", "ada")
    assert "The bucket 'ada-private' is claimed twice" in said
    assert "lab_destination_bucket of bob" in said


def test_two_labs_with_the_same_role_in_one_account(
    world: World, inventory_with: InventoryWith
) -> None:
    inventory = inventory_with(ada=names("ada", ACCOUNT), bob=names("bob", ACCOUNT))
    assert "The role 'lambda_execution_role' is claimed twice" in refused(world, inventory)


def test_a_host_that_is_no_known_lab(world: World, tmp_path: Path) -> None:
    hosts = {"strange_labs": {"hosts": {"ada": {"ansible_connection": "local"}}}}
    (tmp_path / "hosts.yml").write_text(json.dumps(hosts))
    said = refused(world, tmp_path)
    assert said.startswith("ada is no known lab: put it into one of the groups event_copy")


def test_a_lab_that_the_inventory_does_not_have(world: World) -> None:
    run = world.play("site.yml", "-l", "nobody")
    assert run.code != 0
    assert "nobody" in run.output
    assert "Traceback" not in run.output


def test_a_table_with_another_key(world: World, inventory_with: InventoryWith) -> None:
    world.connection(ACCOUNT).client("dynamodb").create_table(
        TableName="ada-logs",
        AttributeDefinitions=[{"AttributeName": "LogID", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "LogID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    said = refused(world, inventory_with(ada=names("ada", ACCOUNT)))
    assert "The table 'ada-logs' exists with the key LogID (N, HASH)" in said
    world.connection(ACCOUNT).client("dynamodb").delete_table(TableName="ada-logs")


def test_a_role_with_another_trust(world: World, inventory_with: InventoryWith) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = world.connection(ACCOUNT).client("iam")
    iam.create_role(RoleName="lambda_execution_role", AssumeRolePolicyDocument=json.dumps(trust))
    said = refused(world, inventory_with(ada=names("ada", ACCOUNT)))
    assert "The role 'lambda_execution_role' exists and trusts others" in said
    assert (
        iam.get_role(RoleName="lambda_execution_role")["Role"]["AssumeRolePolicyDocument"] == trust
    )
    iam.delete_role(RoleName="lambda_execution_role")


def test_a_bucket_of_somebody_else(world: World, inventory_with: InventoryWith) -> None:
    world.connection(OTHER).client("s3").create_bucket(Bucket="ada-public")
    said = refused(world, inventory_with(ada=names("ada", ACCOUNT)))
    assert "The bucket name 'ada-public' is taken by another account" in said
    world.connection(OTHER).client("s3").delete_bucket(Bucket="ada-public")


def test_credentials_of_another_account(world: World, inventory_with: InventoryWith) -> None:
    lab = names("ada", ACCOUNT) | {"aws_access_key": OTHER}
    said = refused(world, inventory_with(ada=lab))
    assert f"belong to account {OTHER}, aws_account_id asks for {ACCOUNT}" in said


def test_a_profile_that_does_not_exist(world: World, inventory_with: InventoryWith) -> None:
    lab = names("ada", ACCOUNT) | {"aws_access_key": "", "aws_profile": "nowhere"}
    said = refused(world, inventory_with(ada=lab))
    assert "profile 'nowhere' (aws_profile) does not exist" in said


@pytest.mark.parametrize("playbook", ["verify.yml", "destroy.yml"])
def test_a_sandbox_that_is_not_running(world: World, playbook: str) -> None:
    run = world.play(playbook, "-e", "sandbox_port=1")
    assert run.code != 0
    for host in ("xfusion", "devops"):
        assert run.message(host).startswith("No AWS API answers at https://127.0.0.1:2")
        assert "playbooks/start-sandbox.yml" in run.message(host)


def test_a_broken_lab_does_not_hold_up_another(world: World, inventory_with: InventoryWith) -> None:
    bad: dict[str, Any] = names("ada", ACCOUNT) | {"lab_source_bucket": "Bad"}
    run = world.play("site.yml", inventory=inventory_with(ada=bad, bob=names("bob", OTHER)))
    assert run.recap["bob"]["failures"] == 0
    assert world.connection(OTHER).client("s3").head_bucket(Bucket="bob-public")
