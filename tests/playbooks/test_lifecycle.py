"""All labs from nothing to nothing: dry run, steps, build, build again, prove, judge, remove."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.evidence.collect.survey import survey
from tests.support.world import World

HOSTS = ("xfusion", "devops", "event-copy", "file-metadata", "secure-ingestion")
NO_CHANGE = dict.fromkeys(HOSTS, 0)
STEPS = (
    "create-client",
    "create-key",
    "create-source-bucket",
    "create-destination-bucket",
    "create-role",
    "create-table",
    "create-function",
    "create-trigger",
    "create-trail",
)
# Between them, these two labs have every part.
STEPPED = ("devops", "secure-ingestion")


def surveyed(world: World, host: str) -> dict[str, Any]:
    entry = world.lab(host)
    return survey(entry.lab, entry.connection, entry.connection.identity())


def existing(world: World, host: str) -> dict[str, Any]:
    """Return the parts of a lab that exist."""
    return {part: seen for part, seen in surveyed(world, host).items() if seen is not None}


@pytest.fixture(scope="module")
def built(world: World) -> World:
    """All labs: two of them step by step, then all by ``site.yml``, which changes those no more."""
    for step in STEPS:
        run = world.play(f"playbooks/{step}.yml", "-l", ":".join(STEPPED))
        assert run.code == 0, run.messages
        assert any(run.changed.values()), step
    run = world.play("site.yml")
    assert run.code == 0, run.messages
    assert {host for host, count in run.changed.items() if not count} == set(STEPPED)
    return world


def test_check_mode_on_an_empty_account_neither_fails_nor_changes(world: World) -> None:
    run = world.play("site.yml", "--check")
    assert run.code == 0, run.messages
    assert all(count > 0 for count in run.changed.values()), "a dry run says what it would do"
    assert [existing(world, host) for host in HOSTS] == [{}] * len(HOSTS)


def test_steps_alone_and_the_site_build_every_part_of_every_lab(built: World) -> None:
    for host in HOSTS:
        found = surveyed(built, host)
        assert [part for part, seen in found.items() if seen is None] == [], host


def test_a_second_run_changes_nothing(built: World) -> None:
    run = built.play("site.yml")
    assert (run.code, run.changed) == (0, NO_CHANGE), run.messages


def test_check_mode_on_a_built_lab_finds_nothing_to_do(built: World) -> None:
    run = built.play("site.yml", "--check", "-l", ":".join(STEPPED))
    assert (run.code, run.changed) == (0, dict.fromkeys(STEPPED, 0)), run.messages


def test_verify_proves_every_lab_and_then_every_check_passes(built: World) -> None:
    run = built.play("verify.yml")
    assert run.code == 0, run.messages
    for host in HOSTS:
        assert f"{host} works: " in run.output
    done = built.check()
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_no_secret_reaches_the_output(built: World) -> None:
    run = built.play("verify.yml", "-vvv", "-l", "xfusion:event-copy")
    assert run.code == 0, run.messages
    assert "sandbox-only" not in run.output
    assert "X-Amz-Signature=" not in run.output


def test_limit_touches_one_lab_only(built: World) -> None:
    run = built.play("site.yml", "-l", "xfusion")
    assert (run.code, run.changed) == (0, {"xfusion": 0})


def test_destroy_leaves_nothing_not_even_versions(built: World) -> None:
    entry = built.lab("xfusion")
    s3 = entry.connection.client("s3")
    bucket = entry.lab.source.bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="twice", Body=body)
    s3.delete_object(Bucket=bucket, Key="twice")
    dry = built.play("destroy.yml", "--check", "-l", ":".join(STEPPED))
    assert dry.code == 0, dry.output
    assert existing(built, "devops")
    run = built.play("destroy.yml")
    assert run.code == 0, run.messages
    assert [existing(built, host) for host in HOSTS] == [{}] * len(HOSTS)
    assert not list((built.sandbox.folder / "clients").rglob("*.*"))


def test_a_second_destroy_changes_nothing(built: World) -> None:
    run = built.play("destroy.yml")
    assert (run.code, run.changed) == (0, NO_CHANGE), run.messages


def test_destroy_leaves_what_the_suite_did_not_build(built: World) -> None:
    entry = built.lab("xfusion")
    s3 = entry.connection.client("s3")
    s3.create_bucket(Bucket=entry.lab.source.bucket)
    s3.put_object(Bucket=entry.lab.source.bucket, Key="thesis.txt", Body=b"mine")
    assert built.play("site.yml", "-l", "xfusion").code == 0
    run = built.play("destroy.yml", "-l", "xfusion")
    assert run.code == 0, run.messages
    assert set(existing(built, "xfusion")) == {"source_bucket"}
    assert s3.get_object(Bucket=entry.lab.source.bucket, Key="thesis.txt")["Body"].read() == b"mine"
    assert "Left alone" in run.output
    notification = s3.get_bucket_notification_configuration(Bucket=entry.lab.source.bucket)
    assert "LambdaFunctionConfigurations" not in notification
