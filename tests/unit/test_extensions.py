"""The extensions' readings, what stands in their way, and how their proofs are judged."""

import json
from typing import Any

import pytest

from labproof.analysis import extensions
from labproof.aws.asking import run
from labproof.aws.connection import Connection
from labproof.building.preflight import OWNER_TAG, conflicts, ownership
from labproof.evidence.collect import stacks, tables, topics
from labproof.evidence.collect.survey import survey
from labproof.evidence.uploads.extensions import Listener
from labproof.labs.arns import names
from labproof.labs.lab import Lab
from labproof.labs.resolving import resolve
from tests.support.account import ACCOUNT, ANSWERS, PLACE
from tests.support.fakes import FakeClient, connect, refusal
from tests.support.wire import wired

NAMES = {
    "lab_source_bucket": "ada-uploads",
    "lab_table": "ada-items",
    "lab_role": "ada-role",
    "lab_function": "ada-record",
}
OURS = {OWNER_TAG: "ada"}
KEY = [
    {"name": "BucketName", "role": "HASH", "type": "S"},
    {"name": "UploadTime", "role": "RANGE", "type": "S"},
]
MADE = {"AWS::S3::Bucket": ["ada-uploads"], "Other": ["ada-items", "ada-role", "ada-record"]}
TOKENS = ("0123456789abcdef", "fedcba9876543210")


def a_lab(**variables: Any) -> Lab:
    return resolve("ada", ["file_metadata"], NAMES | variables)


def a_stack(**changes: Any) -> dict[str, Any]:
    found = {"name": "st", "status": "CREATE_COMPLETE", "tags": OURS, "resources": MADE}
    return found | changes


def denied(call: str) -> dict[str, Any]:
    return {"error": {"call": call, "code": "AccessDenied", "message": "not you"}}


def test_an_absent_stack_is_told_from_one_that_may_not_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = refusal("ValidationError", message="Stack with id st does not exist")
    client = FakeClient(describe_stacks=absent, describe_stack_resources=absent)
    connection = connect(monkeypatch, cloudformation=client)
    assert run(stacks.stack("st"), connection) is None
    denied = refusal("AccessDenied")
    refused = FakeClient(describe_stacks=denied, describe_stack_resources=denied)
    connection = connect(monkeypatch, cloudformation=refused)
    assert "error" in run(stacks.stack("st"), connection)


def test_a_stack_is_read_with_its_resources_by_type(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = [
        {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "b"},
        {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "c"},
        {"ResourceType": "AWS::IAM::Role"},
    ]
    stack = {"StackStatus": "CREATE_COMPLETE", "Tags": [{"Key": OWNER_TAG, "Value": "ada"}]}
    client = FakeClient(
        describe_stacks={"Stacks": [stack]}, describe_stack_resources={"StackResources": resources}
    )
    connection = connect(monkeypatch, cloudformation=client)
    found = {
        "name": "st",
        "status": "CREATE_COMPLETE",
        "resources": {"AWS::S3::Bucket": ["b", "c"]},
    }
    assert run(stacks.stack("st"), connection) == found
    assert run(stacks.survey("st"), connection) == found | {"tags": OURS}


def test_an_index_is_read_with_the_types_of_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = [{"AttributeName": k["name"], "KeyType": k["role"]} for k in KEY]
    types = [{"AttributeName": k["name"], "AttributeType": "S"} for k in KEY]
    index = {"IndexName": "i", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    table = {"TableName": "t", "TableArn": "arn:t", "TableStatus": "ACTIVE", "KeySchema": schema}
    whole = table | {"AttributeDefinitions": types, "GlobalSecondaryIndexes": [index]}
    client = FakeClient(describe_table={"Table": whole}, list_tags_of_resource={"Tags": []})
    (found,) = run(tables.survey("t"), connect(monkeypatch, dynamodb=client))["indexes"]
    assert (found["name"], found["key"], found["projection"]) == ("i", KEY, "ALL")


def test_an_absent_topic_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient(get_topic_attributes=refusal("NotFound"))
    connection = connect(monkeypatch, sns=client)
    assert run(topics.topic("arn:aws:sns:r:1:t"), connection) is None
    assert run(topics.survey("arn:aws:sns:r:1:t"), connection) is None


def test_a_topic_is_read_by_itself_or_with_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {"Tags": [{"Key": OWNER_TAG, "Value": "ada"}]}
    attributes = {"Attributes": {"TopicArn": "arn:aws:sns:r:1:t"}}
    client = FakeClient(get_topic_attributes=attributes, list_tags_for_resource=tags)
    connection, arn = connect(monkeypatch, sns=client), "arn:aws:sns:r:1:t"
    assert run(topics.topic(arn), connection) == {"name": "t", "arn": arn}
    assert run(topics.survey(arn), connection) == {"name": "t", "arn": arn, "tags": OURS}


def test_a_survey_takes_in_topic_stack_and_every_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = a_lab(lab_topic="told", lab_stack="st", lab_more_source_buckets=["more-1"])
    made = {"StackStatus": "CREATE_COMPLETE", "StackName": "st"}
    answers = {
        "sns.GetTopicAttributes": lambda **asked: {"Attributes": asked},
        "sns.ListTagsForResource": {"Tags": [{"Key": OWNER_TAG, "Value": "ada"}]},
        "cloudformation.DescribeStacks": {"Stacks": [made]},
    }
    wired(monkeypatch, ANSWERS | answers)
    found = survey(lab, Connection(), PLACE)
    topic = {"name": "told", "arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:told", "tags": OURS}
    assert found["topic"] == topic
    assert found["stack"]["status"] == "CREATE_COMPLETE"
    assert found["source_bucket more-1"] == found["source_bucket"] | {"name": "more-1"}
    assert set(found) == set(names(lab))


def test_what_a_stack_of_ours_made_is_ours_without_a_tag() -> None:
    bucket = {"name": "ada-uploads", "tags": {}}
    lab = a_lab(lab_stack="st")
    seen = {"source_bucket": bucket, "stack": a_stack()}
    assert ownership(lab, seen) == {"source_bucket": "ours", "stack": "ours"}
    assert ownership(lab, seen | {"stack": a_stack(tags={})})["source_bucket"] == "foreign"
    unread = a_stack(resources=denied("describe_stack_resources"))
    assert ownership(lab, seen | {"stack": unread})["source_bucket"] == "foreign"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"stack": a_stack(tags={})}, "exists and is not the suite's"),
        ({"stack": a_stack(status="ROLLBACK_COMPLETE")}, "is in ROLLBACK_COMPLETE: wait"),
        ({"stack": None, "source_bucket": {"tags": OURS}}, "has already (source bucket): remove"),
        ({"source_bucket more-1": denied("head_bucket")}, "cannot be read: AccessDenied"),
    ],
)
def test_a_stack_is_not_built_on_what_is_in_its_way(seen: dict[str, Any], said: str) -> None:
    (problem,) = conflicts(a_lab(lab_stack="st", lab_more_source_buckets=["more-1"]), seen)
    assert said in problem


def test_steps_leave_what_belongs_to_a_stack() -> None:
    role = {"tags": {"aws:cloudformation:stack-name": "st"}, "trust": {"Statement": []}}
    said = conflicts(a_lab(), {"function": role})
    assert said == [
        "Parts of ada belong to the stack 'st': set lab_stack to it, or delete the stack."
    ]


def test_one_of_several_buckets_that_is_taken_is_named() -> None:
    taken = {"error": {"call": "head_bucket", "code": "403", "message": ""}}
    lab = a_lab(lab_more_source_buckets=["more-1"])
    assert conflicts(lab, {"source_bucket more-1": taken}) == [
        "The bucket name 'more-1' is taken by another account or region: set "
        "lab_more_source_buckets to another name."
    ]


def test_an_index_of_another_key_is_in_the_way_and_a_missing_one_is_not() -> None:
    lab = a_lab(lab_table_index="by-time")
    table = {"name": "ada-items", "key": lab.table.key, "tags": {}}
    fine = {"name": "by-time", "key": KEY}
    for indexes in ([], [fine], [fine, {"name": "another", "key": KEY[:1]}]):
        assert conflicts(lab, {"table": table | {"indexes": indexes}}) == []
    other = {"table": table | {"indexes": [{"name": "by-time", "key": KEY[:1]}]}}
    (problem,) = conflicts(lab, other)
    assert "needs BucketName (S, HASH), UploadTime (S, RANGE)" in problem


def test_the_list_must_hold_every_fresh_key_in_the_order_of_time() -> None:
    early, late = "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:06.000Z"
    found = [{"key": "a", "time": early}, {"key": "b", "time": late}]
    assert extensions.listing_problems(found, ["b", "a"]) == []
    assert "'c'" in extensions.listing_problems(found, ["a", "c"])[0]
    assert "another order" in extensions.listing_problems(found[::-1], ["a", "b"])[0]
    assert "not you" in extensions.listing_problems(denied("query"), ["a"])[0]
    assert "found None" in extensions.listing_problems(None, ["a"])[0]


def test_a_message_is_about_an_upload_by_the_part_that_nobody_can_guess() -> None:
    encoded = json.dumps({"ObjectKey": f"verify/é {TOKENS[0]}.txt"})
    listener = Listener(None, "queue", [encoded, "unrelated"])  # type: ignore[arg-type]
    assert listener.about(f"verify/é {TOKENS[0]}.txt") == 1
    assert listener.about(f"verify/{TOKENS[1]}") == 0
    assert listener.about("no token") == 0


def test_an_upload_that_nobody_was_told_of_is_named() -> None:
    assert extensions.message_problems({"a": 2, "b": 0}) == [
        "expected a message about 'b', found none"
    ]


def test_a_bucket_without_an_item_of_its_own_is_named() -> None:
    (said,) = extensions.double_problems({"one": {"ObjectKey": {"S": "k"}}, "two": None})
    assert "in two" in said


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (None, "expected the stack st, found none"),
        (denied("describe_stacks"), "found not you"),
        (a_stack(status="UPDATE_IN_PROGRESS"), "found UPDATE_IN_PROGRESS"),
        (a_stack(resources={"AWS::S3::Bucket": ["ada-uploads"]}), "expected ada-items, ada-role"),
    ],
)
def test_a_lab_that_is_not_its_stacks_work_is_told_so(stack: Any, said: str) -> None:
    (problem,) = extensions.stack_problems(a_lab(lab_stack="st"), stack)
    assert said in problem


def test_a_lab_without_extensions_has_none_to_judge() -> None:
    assert extensions.extension_problems(a_lab(), ["a"], {}) == {}
    assert extensions.stack_problems(a_lab(lab_stack="st"), a_stack()) == []
