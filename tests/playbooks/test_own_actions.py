"""Each own action is documented, and does what the collection's module cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.plugins import ACTIONS
from tests.support.world import PROJECT, World

from .conftest import ACCOUNT, Play, create_function, let_invoke

NAMES = sorted(path.stem for path in ACTIONS.glob("*.py"))


def documented(*names: str) -> dict[str, Any]:
    """Return what ansible-doc tells of modules and actions."""
    command = [str(Path(sys.executable).parent / "ansible-doc"), "--json", *names]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def client(world: World, service: str) -> Any:
    return world.connection(ACCOUNT).client(service)


def test_each_action_is_told_by_ansible_doc() -> None:
    told = documented(*NAMES)
    assert sorted(told) == NAMES
    for name, about in told.items():
        assert about["doc"]["short_description"], name
        assert name in about["examples"]
        assert about["return"] is not None, name


@pytest.mark.parametrize(
    ("module", "missing"),
    [
        ("amazon.aws.cloudtrail", ("selector",)),
        ("community.aws.dynamodb_table", ("recovery", "protection", "kms", "sse")),
    ],
)
def test_modules_that_lack_a_parameter(module: str, missing: tuple[str, ...]) -> None:
    """trail_events and table_protection."""
    options = documented(module)[module]["doc"]["options"]
    assert [o for o in options if any(word in o for word in missing)] == []


def test_a_bucket_that_was_versioned_later_is_emptied(world: World, play: Play) -> None:
    """empty_bucket: s3_bucket's force deletes the version ``null`` without naming it."""
    s3 = client(world, "s3")
    s3.create_bucket(Bucket="later")
    s3.put_object(Bucket="later", Key="early", Body=b"")
    s3.put_bucket_versioning(Bucket="later", VersioningConfiguration={"Status": "Enabled"})
    removal = {"amazon.aws.s3_bucket": {"name": "later", "state": "absent", "force": True}}
    assert play(removal).code != 0
    assert s3.list_object_versions(Bucket="later")["Versions"][0]["VersionId"] == "null"
    run = play({"empty_bucket": {"name": "later"}}, removal)
    assert run.code == 0, run.messages


def test_eventbridge_is_kept(world: World, play: Play) -> None:
    """bucket_notifications: s3_bucket_notification writes all but the EventBridge configuration."""
    s3 = client(world, "s3")
    s3.create_bucket(Bucket="bridged")
    create_function(world, "copy")
    let_invoke(world, "bridged", "copy")
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:copy"
    mine = {"lambda_function_arn": function, "events": ["s3:ObjectCreated:*"], "event_name": "mine"}

    def sends() -> bool:
        found = s3.get_bucket_notification_configuration(Bucket="bridged")
        assert [c["Id"] for c in found.get("LambdaFunctionConfigurations", [])] in ([], ["mine"])
        return "EventBridgeConfiguration" in found

    switched_on = {"bucket_notifications": {"name": "bridged", "eventbridge": True}}
    added = {"bucket_notifications": {"name": "bridged", **mine}}
    removed = {"bucket_notifications": {"name": "bridged", "event_name": "mine"}}
    for tasks in ([switched_on, added], [removed]):
        run = play(*tasks)
        assert (run.code, run.changed) == (0, {"localhost": len(tasks)}), run.messages
        assert play(*tasks).changed == {"localhost": 0}
        assert sends()
    assert (
        play({"community.aws.s3_bucket_notification": {"bucket_name": "bridged", **mine}}).code == 0
    )
    assert not sends()


def test_the_log_bucket_keeps_its_acl(world: World, play: Play) -> None:
    """bucket_logging: s3_logging writes an ACL, which a bucket without ACLs refuses on AWS."""
    s3 = client(world, "s3")
    for name in ("watched", "logs"):
        s3.create_bucket(Bucket=name)
    before = s3.get_bucket_acl(Bucket="logs")["Grants"]
    assert play({"bucket_logging": {"name": "watched", "target_bucket": "logs"}}).code == 0
    assert s3.get_bucket_acl(Bucket="logs")["Grants"] == before
    module = {"name": "watched", "target_bucket": "logs", "target_prefix": "watched/"}
    run = play({"community.aws.s3_logging": module})
    assert run.code != 0 or s3.get_bucket_acl(Bucket="logs")["Grants"] != before


def test_a_log_group_is_left_alone_in_check_mode_and_never_deleted(
    world: World, play: Play
) -> None:
    """log_group: the module sets the retention in check mode, and deletes on days it knows not."""
    logs = client(world, "logs")
    logs.create_log_group(logGroupName="group")

    def days() -> Any:
        found = logs.describe_log_groups(logGroupNamePrefix="group")["logGroups"]
        return found[0].get("retentionInDays") if found else "gone"

    def module(retention: int) -> dict[str, Any]:
        arguments = {"log_group_name": "group", "retention": retention}
        return {"amazon.aws.cloudwatchlogs_log_group": arguments}

    assert play(module(30), options=("--check",)).code == 0
    assert days() == 30
    run = play({"log_group": {"name": "group", "retention": 1096}}, options=("--check",))
    assert (run.changed, days()) == ({"localhost": 1}, 30)
    assert play({"log_group": {"name": "group", "retention": 1096}}).code == 0
    assert days() == 1096
    assert play(module(2192)).code != 0
    assert days() == "gone"


def test_a_key_that_is_deleted_gives_its_alias_back(world: World, play: Play) -> None:
    """kms_alias: kms_key leaves it on the key, for the seven days that KMS takes."""
    kms = client(world, "kms")
    kms.create_alias(AliasName="alias/ada", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    removal = {"alias": "alias/ada", "state": "absent", "pending_window": 7}
    assert play({"amazon.aws.kms_key": removal}).code == 0
    assert kms.describe_key(KeyId="alias/ada")["KeyMetadata"]["KeyState"] == "PendingDeletion"
    delete = {"kms_alias": {"name": "alias/ada", "state": "absent"}}
    for changed in (1, 0):
        run = play(delete)
        assert (run.code, run.changed) == (0, {"localhost": changed}), run.messages


def test_a_package_is_the_same_for_the_same_source(play: Play, tmp_path: Path) -> None:
    """function_package: the archive module puts the time of the file into the archive."""
    source, theirs, mine = (tmp_path / name for name in ("f.py", "theirs.zip", "mine.zip"))
    archive = {"path": str(source), "dest": str(theirs), "format": "zip", "force_archive": True}
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.file": {"path": str(theirs), "state": "absent"}},
        {"community.general.archive": archive},
        {"function_package": {"source": str(source), "dest": str(mine)}},
    ]
    packed = []
    for year in (2001, 2002):
        source.write_text("def lambda_handler(event, context): ...\n")
        touched = {"path": str(source), "state": "touch"}
        at = f"{year}01010000.00"
        touch = {"ansible.builtin.file": touched | {"modification_time": at, "access_time": at}}
        run = play(touch, *tasks)
        assert run.code == 0, run.messages
        packed.append((theirs.read_bytes(), mine.read_bytes()))
    assert packed[0][0] != packed[1][0]
    assert packed[0][1] == packed[1][1]
