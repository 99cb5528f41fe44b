"""The file-metadata lab with all its extensions, step by step and as a stack: there and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labproof.building.preflight import inspect
from labproof.evidence.uploads import probe
from labproof.evidence.uploads.flows.metadata import MetadataProbe
from tests.support.grading import grade, statuses, told
from tests.support.world import PROJECT, World, write_inventory

HOSTS = ("steps", "template")
NO_CHANGE = dict.fromkeys(HOSTS, 0)
STEPS = ("create-source-bucket.yml", "create-table.yml", "create-topic.yml", "deploy-template.yml")
# Two buckets, a table and a topic; a stack
WOULD_CHANGE = {"steps": 4, "template": 1}
IDS = {"metadata.index", "metadata.notified", "metadata.multi-bucket"}


def variables(host: str, account: str) -> dict[str, Any]:
    return {
        "aws_account_id": account,
        "lab_source_bucket": f"{host}-uploads",
        "lab_more_source_buckets": [f"{host}.uploads.2"],
        "lab_table": "Items",
        "lab_table_index": "by-upload-time",
        "lab_topic": "uploads",
        "lab_role": "file-metadata",
        "lab_function": "file-metadata",
    }


@pytest.fixture(scope="module")
def labs(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world with an inventory of two labs, one of them a stack."""
    folder = tmp_path_factory.mktemp("labs") / "inventory"
    hosts = {
        "steps": variables("steps", "600000000001"),
        "template": variables("template", "600000000002") | {"lab_stack": "file-metadata"},
    }
    world.inventory = write_inventory(folder, {"file_metadata": {"hosts": hosts}})
    return world


@pytest.fixture(scope="module")
def built(labs: World) -> World:
    run = labs.play("site.yml")
    assert run.code == 0, run.messages
    return labs


def owners(world: World, host: str) -> dict[str, str]:
    """Return whose each part of a lab is, as preflight sees it."""
    entry = world.lab(host)
    found: dict[str, str] = inspect(entry.lab, entry.connection, building=False)["ownership"]
    return found


@pytest.fixture
def steps(tmp_path: Path) -> str:
    """A playbook of the steps that the extensions are part of; for others see test_lifecycle."""
    found = [{"import_playbook": str(PROJECT / "playbooks" / step)} for step in STEPS]
    (tmp_path / "steps.yml").write_text(json.dumps(found))
    return str(tmp_path / "steps.yml")


def test_check_mode_on_an_empty_account_neither_fails_nor_changes(labs: World, steps: str) -> None:
    run = labs.play(steps, "--check")
    assert run.code == 0, run.messages
    assert run.changed == WOULD_CHANGE, "a dry run says what it would do"
    for host in HOSTS:
        assert set(owners(labs, host).values()) == {"absent"}


def test_every_part_is_built_and_known_as_ours(built: World) -> None:
    for host in HOSTS:
        assert set(owners(built, host).values()) == {"ours"}, owners(built, host)
        assert set(built.lab(host).lab.requirements) >= IDS


def test_a_second_run_changes_nothing(built: World, steps: str) -> None:
    run = built.play(steps)
    assert (run.code, run.changed) == (0, NO_CHANGE), run.messages


def test_each_extension_is_proved_and_the_probe_leaves_no_queue(built: World) -> None:
    run = built.play("playbooks/verify-metadata.yml")
    assert run.code == 0, run.messages
    for said in ("index: 5 objects", "topic: 4 messages", "2 items of one key", "CREATE_COMPLETE"):
        assert said in run.output
    for host in HOSTS:
        connection = built.lab(host).connection
        assert not connection.client("sqs").list_queues().get("QueueUrls")
        assert connection.client("sns").list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize("host", HOSTS)
def test_the_grader_gives_all_points(built: World, host: str) -> None:
    result = grade(built.lab(host))
    assert told(result) == []
    more = {"metadata.template"} if host == "template" else set()
    assert IDS | more <= set(statuses(result))
    assert not built.lab(host).connection.client("sqs").list_queues().get("QueueUrls")


def test_an_extension_that_does_not_work_is_seen(built: World) -> None:
    entry = built.lab("steps")
    sns = entry.connection.client("sns")
    for topic in sns.list_topics()["Topics"]:
        sns.delete_topic(TopicArn=topic["TopicArn"])
    document = probe(entry.lab, entry.connection, {}, 30, proving=True)
    seen = MetadataProbe.proof(entry.lab, document)
    assert len(seen["extensions"]["notified"]) == 4, "nobody was told of four uploads"
    assert seen["errors"], "the function says why, so nobody waits for the rest"
    assert statuses(grade(entry, timeout=5))["metadata.notified"] in ("failed", "blocked")


def test_extensions_that_are_gone_are_failed_and_nothing_else_is(built: World) -> None:
    entry = built.lab("template")
    dynamodb = entry.connection.client("dynamodb")
    delete = [{"Delete": {"IndexName": entry.lab.table.index}}]
    dynamodb.update_table(TableName=entry.lab.table.name, GlobalSecondaryIndexUpdates=delete)
    s3 = entry.connection.client("s3")
    (other,) = entry.lab.source.more_buckets
    s3.put_bucket_notification_configuration(Bucket=other, NotificationConfiguration={})
    found = statuses(grade(entry, timeout=5))
    assert found["metadata.index"] == "failed"
    assert found["trigger.configured"] == "failed"
    assert found["metadata.multi-bucket"] == "blocked"


def test_destroy_leaves_nothing(built: World) -> None:
    run = built.play("destroy.yml")
    assert run.code == 0, run.messages
    for host in HOSTS:
        assert set(owners(built, host).values()) == {"absent"}, owners(built, host)
        assert built.lab(host).connection.client("s3").list_buckets()["Buckets"] == []
