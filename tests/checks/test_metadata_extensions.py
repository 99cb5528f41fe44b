"""The extensions of file-metadata: an index, messages, several buckets, a stack."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.analysis.extensions import (
    double_problems,
    listing_problems,
    message_problems,
    stack_problems,
)
from labproof.evidence.snapshot import Failure, Snapshot, expect, expect_none
from labproof.labs.switches import INDEX_KEY

from .delivery import bucket, sources
from .followed import upload


def uploads(snapshot: Snapshot) -> list[str]:
    """Return the keys of the probe's uploads to the first bucket."""
    return [upload(snapshot, label)["key"] for label in snapshot.seen("uploads")]


def watched(snapshot: Snapshot, name: str) -> Any:
    return snapshot.seen("extensions")[name]


@pytest.mark.requirement(
    "metadata.index",
    weight=4,
    rests_on=["table.exists", "table.active"],
    hint="Add a global secondary index to $table: partition key BucketName, sort key UploadTime, "
    "all attributes.",
    command="aws dynamodb update-table --table-name $table --attribute-definitions "
    "AttributeName=BucketName,AttributeType=S AttributeName=UploadTime,AttributeType=S "
    """--global-secondary-index-updates '[{"Create": {"IndexName": "$table_index", """
    """"KeySchema": [{"AttributeName": "BucketName", "KeyType": "HASH"}, """
    """{"AttributeName": "UploadTime", "KeyType": "RANGE"}], """
    """"Projection": {"ProjectionType": "ALL"}}}]'""",
    playbook="create-table.yml",
)
def test_an_index_lists_a_buckets_files_by_upload_time(snapshot: Snapshot) -> None:
    """An index of the table lists a bucket's files in the order of their upload."""
    indexes = snapshot.part("table")["indexes"] or []
    found = next((i for i in indexes if i["name"] == snapshot.lab.table.index), None)
    if found is None:
        raise Failure(f"the index {snapshot.lab.table.index}")
    key = [part["name"] for part in found["key"]]
    expect(key == list(INDEX_KEY), " and ".join(INDEX_KEY), " and ".join(key))
    # An emulator may not tell the status; whether the index answers is seen below.
    expect(found["status"] in (None, "ACTIVE"), "an index that is ACTIVE", found["status"])
    expect(found["projection"] == "ALL", "all attributes in the index", found["projection"])
    if problems := listing_problems(watched(snapshot, "listed"), uploads(snapshot)):
        expected = "fresh uploads in the index, in the order of their times"
        raise Failure(expected, "; ".join(problems), rests_on=("metadata.item",))


@pytest.mark.requirement(
    "metadata.notified",
    weight=4,
    rests_on=["transfer.invoked", "metadata.item"],
    hint="Create the topic $topic, let $role publish to it, and let the function do so for each "
    "upload.",
    command="aws sns create-topic --name $topic",
    playbook="create-topic.yml",
)
def test_each_upload_is_told_to_the_topic(snapshot: Snapshot) -> None:
    """Each fresh upload leaves a message on the topic."""
    snapshot.part("topic")
    counts = dict.fromkeys(uploads(snapshot), 0) | dict(watched(snapshot, "messages"))
    expect_none(message_problems(counts), "a message for each upload")


@pytest.mark.requirement(
    "metadata.multi-bucket",
    weight=4,
    rests_on=["table.key", "trigger.configured", "trigger.permission", "role.can-read-source"],
    hint="Give each bucket its notification, and the table the sort key BucketName, so that no "
    "object overwrites another bucket's item.",
    command="aws dynamodb describe-table --table-name $table --query Table.KeySchema",
    playbook="create-trigger.yml",
)
def test_several_buckets_feed_one_table(snapshot: Snapshot) -> None:
    """One key in several buckets leaves an item for each."""
    for name in sources(snapshot):
        bucket(snapshot, name)
    doubles = dict(watched(snapshot, "doubles"))
    expect(set(doubles) == set(sources(snapshot)), "an upload to each bucket", ", ".join(doubles))
    expect_none(double_problems(doubles), "an item for each bucket's object")


@pytest.mark.requirement(
    "metadata.template",
    weight=4,
    hint="Deploy the whole lab as the CloudFormation stack $stack.",
    command="aws cloudformation deploy --stack-name $stack --template-file TEMPLATE "
    "--capabilities CAPABILITY_NAMED_IAM",
    playbook="deploy-template.yml",
)
def test_the_lab_is_the_work_of_its_stack(snapshot: Snapshot) -> None:
    """The stack is complete, and the lab's parts are its resources."""
    stack = snapshot.part("stack")
    expect_none(stack_problems(snapshot.lab, stack), "a complete stack with the lab's parts")
