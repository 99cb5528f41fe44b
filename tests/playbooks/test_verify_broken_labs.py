"""verify.yml on a broken lab: which step failed, expected and found, what to check first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from labproof.aws.connection import Connection
from labproof.labs.lab import Lab
from labproof.labs.package import zip_bytes
from tests.support.world import World

OPEN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}],
}
SILENT_SOURCE = "def lambda_handler(event, context):\n    return 'done'\n"


def said(built: World) -> str:
    """Run verify.yml, expect it to fail, and return what it said."""
    run = built.play("verify.yml", "-l", "xfusion", "-e", "verify_timeout=4")
    assert run.code != 0, run.messages
    assert "Origin:" not in run.message("xfusion")
    return run.message("xfusion")


@contextmanager
def without_s3_rights(lab: Lab, connection: Connection) -> Iterator[None]:
    iam = connection.client("iam")
    policy = {"RoleName": lab.role.name, "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}
    iam.detach_role_policy(**policy)
    try:
        yield
    finally:
        iam.attach_role_policy(**policy)


@contextmanager
def without_notification(lab: Lab, connection: Connection) -> Iterator[None]:
    s3 = connection.client("s3")
    found = s3.get_bucket_notification_configuration(Bucket=lab.source.bucket)
    found.pop("ResponseMetadata")
    store = s3.put_bucket_notification_configuration
    store(Bucket=lab.source.bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        store(Bucket=lab.source.bucket, NotificationConfiguration=found)


@contextmanager
def with_a_function_that_does_nothing(lab: Lab, connection: Connection) -> Iterator[None]:
    functions = connection.client("lambda")
    empty = zip_bytes({"lambda_function.py": SILENT_SOURCE})
    functions.update_function_code(FunctionName=lab.function.name, ZipFile=empty)
    yield


@contextmanager
def with_blocked_public_access(lab: Lab, connection: Connection) -> Iterator[None]:
    s3 = connection.client("s3")
    blocked: dict[str, Any] = {"Bucket": lab.source.bucket}
    before = s3.get_public_access_block(**blocked)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(
        PublicAccessBlockConfiguration=before | {"RestrictPublicBuckets": True}, **blocked
    )
    try:
        yield
    finally:
        s3.put_public_access_block(PublicAccessBlockConfiguration=before, **blocked)


@contextmanager
def with_an_open_private_bucket(lab: Lab, connection: Connection) -> Iterator[None]:
    s3, bucket = connection.client("s3"), {"Bucket": lab.destination.bucket}
    before = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    s3.delete_public_access_block(**bucket)
    statement = OPEN_POLICY["Statement"][0] | {
        "Resource": f"arn:aws:s3:::{lab.destination.bucket}/*"
    }
    s3.put_bucket_policy(Policy=json.dumps(OPEN_POLICY | {"Statement": [statement]}), **bucket)
    try:
        yield
    finally:
        s3.delete_bucket_policy(**bucket)
        s3.put_public_access_block(PublicAccessBlockConfiguration=before, **bucket)


@contextmanager
def without_table(lab: Lab, connection: Connection) -> Iterator[None]:
    connection.client("dynamodb").delete_table(TableName=lab.table.name)
    yield


# The step that mends what is broken for good
MENDED_BY = {with_a_function_that_does_nothing: "create-function", without_table: "create-table"}


@pytest.mark.parametrize(
    ("fault", "step", "found", "check_first"),
    [
        (without_s3_rights, "run", "AccessDenied", "playbooks/create-role.yml"),
        (without_notification, "invoke", "found no invocation", "playbooks/create-trigger.yml"),
        (with_blocked_public_access, "public read", "found 403", "create-source-bucket.yml"),
        (with_an_open_private_bucket, "private read", "found 200", "create-destination-bucket"),
        (with_a_function_that_does_nothing, "copy", "found none", "create-function.yml"),
        (without_table, "run", "ResourceNotFoundException", "playbooks/create-role.yml"),
    ],
)
def test_the_broken_step_is_named(
    built: World, fault: Any, step: str, found: str, check_first: str
) -> None:
    entry = built.lab("xfusion")
    with fault(entry.lab, entry.connection):
        message = said(built)
    assert f'Step "{step}"' in message
    assert found in message
    assert "expected" in message
    assert check_first in message
    if fault in MENDED_BY:
        assert built.play(f"playbooks/{MENDED_BY[fault]}.yml", "-l", "xfusion").code == 0


def test_a_mended_lab_is_proved_again(built: World) -> None:
    run = built.play("verify.yml", "-l", "xfusion")
    assert run.code == 0, run.messages


def test_a_client_without_its_sample_is_told_so(built: World) -> None:
    (built.sandbox.folder / "clients" / "xfusion" / "sample.zip").unlink()
    message = said(built)
    assert 'Step "client"' in message
    assert "playbooks/create-client.yml" in message
