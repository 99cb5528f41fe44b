"""All labs from nothing to nothing: dry run, steps, build, build again, prove, judge, remove."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from labproof.evidence.collect.survey import survey
from tests.support.built_labs import CHANGES, OTHERS, STEPPED
from tests.support.world import World

HOSTS = (*STEPPED, *OTHERS)
# One of either file-transfer lab is enough where all parts are to be seen.
WHOLE = ("xfusion", "secure-ingestion")


def surveyed(world: World, host: str) -> dict[str, Any]:
    entry = world.lab(host)
    return survey(entry.lab, entry.connection, entry.connection.identity())


def existing(world: World, host: str) -> dict[str, Any]:
    """Return the parts of a lab that exist."""
    return {part: seen for part, seen in surveyed(world, host).items() if seen is not None}


def test_check_mode_on_an_empty_account_neither_fails_nor_changes(world: World) -> None:
    run = world.play("site.yml", "--check", "-l", ":".join(WHOLE))
    assert run.code == 0, run.messages
    assert all(count > 0 for count in run.changed.values()), "a dry run says what it would do"
    assert [existing(world, host) for host in WHOLE] == [{}, {}]


def test_steps_alone_and_the_site_build_every_part_of_every_lab(
    five_labs: Path, built: World
) -> None:
    changes = json.loads((five_labs.parent / CHANGES).read_text("utf-8"))
    assert all(changes["site.yml"].values()), changes
    assert [step for step, changed in changes.items() if not any(changed.values())] == []
    for host in HOSTS:
        found = surveyed(built, host)
        assert [part for part, seen in found.items() if seen is None] == [], host


def test_the_site_changes_nothing_of_what_its_steps_built_and_no_other_lab(built: World) -> None:
    run = built.play("site.yml", "-l", ":".join(STEPPED))
    assert (run.code, run.changed) == (0, dict.fromkeys(STEPPED, 0)), run.messages


def test_check_mode_on_a_built_lab_finds_nothing_to_do(built: World) -> None:
    hosts = ("event-copy", "secure-ingestion")
    run = built.play("site.yml", "--check", "-l", ":".join(hosts))
    assert (run.code, run.changed) == (0, dict.fromkeys(hosts, 0)), run.messages


def test_verify_proves_every_lab_tells_no_secret_and_then_every_check_passes(built: World) -> None:
    run = built.play("verify.yml", "-vvv")
    assert run.code == 0, run.messages
    for host in HOSTS:
        assert f"{host} works: " in run.output
    assert "sandbox-only" not in run.output
    assert "X-Amz-Signature=" not in run.output
    done = built.check()
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def make_it_somebody_elses(world: World) -> None:
    """Put a learner's bucket, and the work in it, in place of the source bucket of xfusion."""
    entry = world.lab("xfusion")
    s3, bucket = entry.connection.client("s3"), entry.lab.source.bucket
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="thesis.txt", Body=b"mine")
    for step in ("create-source-bucket", "create-trigger"):
        run = world.play(f"playbooks/{step}.yml", "-l", "xfusion")
        assert run.code == 0, run.messages
    notification = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "LambdaFunctionConfigurations" in notification


def keep_versions(world: World) -> None:
    """Let the destination bucket of xfusion hold two versions of an object, and a marker."""
    entry = world.lab("xfusion")
    s3, bucket = entry.connection.client("s3"), entry.lab.destination.bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="twice", Body=body)
    s3.delete_object(Bucket=bucket, Key="twice")


def test_destroy_leaves_what_the_suite_did_not_build_and_nothing_else(built: World) -> None:
    make_it_somebody_elses(built)
    keep_versions(built)
    dry = built.play("destroy.yml", "--check", "-l", "secure-ingestion")
    assert dry.code == 0, dry.output
    assert existing(built, "secure-ingestion")
    run = built.play("destroy.yml", "-l", ":".join(WHOLE))
    assert run.code == 0, run.messages
    assert "Left alone" in run.output
    assert existing(built, "secure-ingestion") == {}
    assert not list((built.sandbox.folder / "clients" / "xfusion").rglob("*.*"))
    entry = built.lab("xfusion")
    s3, bucket = entry.connection.client("s3"), entry.lab.source.bucket
    assert set(existing(built, "xfusion")) == {"source_bucket"}
    assert s3.get_object(Bucket=bucket, Key="thesis.txt")["Body"].read() == b"mine"
    notification = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "LambdaFunctionConfigurations" not in notification


def test_a_second_destroy_changes_nothing(built: World) -> None:
    run = built.play("destroy.yml", "-l", ":".join(WHOLE))
    assert (run.code, run.changed) == (0, dict.fromkeys(WHOLE, 0)), run.messages
