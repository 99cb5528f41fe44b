"""A bucket's uploads invoke a function: permission first, then notification, and nothing else."""

import json
from typing import Any

import pytest

from labproof.aws.connection import Connection
from labproof.aws.errors import AwsError
from labproof.building import trigger as module
from labproof.building.trigger import Trigger, ensure, remove
from tests.support.fakes import FakeClient, connect, refusal

TRIGGER = Trigger("ada-public", "copy", ("s3:ObjectCreated:Put",), "1", "aws", "eu-west-1")
ARN = "arn:aws:lambda:eu-west-1:1:function:copy"
STATEMENT = {
    "Sid": "labproof-copy",
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": ARN,
    "Condition": {
        "StringEquals": {"AWS:SourceAccount": "1"},
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::ada-public"},
    },
}
NOTIFICATION = {
    "Id": "labproof-copy",
    "LambdaFunctionArn": ARN,
    "Events": ["s3:ObjectCreated:Put"],
}
OTHER = NOTIFICATION | {"Id": "other", "LambdaFunctionArn": f"{ARN}-2"}
QUEUE = {"Id": "q", "QueueArn": "arn:aws:sqs:eu-west-1:1:q", "Events": ["s3:ObjectRemoved:*"]}
INVALID = refusal("InvalidArgument", message="Unable to validate the following destination")


class World:
    """A function's policy and a bucket's notifications, and how often each was changed."""

    def __init__(self, *statements: Any, **notifications: Any) -> None:
        self.statements = list(statements)
        self.notifications = notifications
        self.refusals: list[Exception] = []
        self.changes: list[str] = []
        self.lambda_ = FakeClient(
            get_policy=self.policy, add_permission=self.add, remove_permission=self.take
        )
        self.s3 = FakeClient(
            get_bucket_notification_configuration=lambda Bucket: (  # noqa: N803
                self.notifications | {"ResponseMetadata": {}}
            ),
            put_bucket_notification_configuration=self.put,
        )

    def connect(self, monkeypatch: pytest.MonkeyPatch) -> Connection:
        return connect(monkeypatch, lambda_=self.lambda_, s3=self.s3)

    def policy(self, FunctionName: str) -> Any:  # noqa: N803
        assert FunctionName == "copy"
        if not self.statements:
            return refusal("ResourceNotFoundException")
        return {"Policy": json.dumps({"Statement": self.statements})}

    def add(self, **request: Any) -> Any:
        self.changes.append("add")
        source = request["SourceArn"], request["SourceAccount"]
        assert source == ("arn:aws:s3:::ada-public", "1")
        who = request["FunctionName"], request["Action"], request["Principal"]
        assert who == ("copy", "lambda:InvokeFunction", "s3.amazonaws.com")
        if any(s["Sid"] == request["StatementId"] for s in self.statements):
            return refusal("ResourceConflictException")
        self.statements.append(STATEMENT)
        return {}

    def take(self, FunctionName: str, StatementId: str) -> Any:  # noqa: N803
        self.changes.append("take")
        self.statements = [s for s in self.statements if s["Sid"] != StatementId]
        return {}

    def put(self, Bucket: str, NotificationConfiguration: Any) -> Any:  # noqa: N803
        self.changes.append("put")
        if self.refusals:
            return self.refusals.pop(0)
        self.notifications = NotificationConfiguration
        return {}


def test_a_missing_trigger_is_made_permission_first(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    assert ensure(TRIGGER, world.connect(monkeypatch)) == ["permission", "notification"]
    assert world.changes == ["add", "put"]
    assert world.statements == [STATEMENT]
    assert world.notifications == {"LambdaFunctionConfigurations": [NOTIFICATION]}


def test_a_trigger_that_exists_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    connection = world.connect(monkeypatch)
    ensure(TRIGGER, connection)
    world.changes.clear()
    assert ensure(TRIGGER, connection) == []
    assert world.changes == []


def test_a_dry_run_tells_the_changes_and_makes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    assert ensure(TRIGGER, world.connect(monkeypatch), dry_run=True) == [
        "permission",
        "notification",
    ]
    full = World(STATEMENT, LambdaFunctionConfigurations=[NOTIFICATION])
    assert remove(TRIGGER, full.connect(monkeypatch), dry_run=True) == [
        "notification",
        "permission",
    ]
    assert world.changes + full.changes == []


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": "*"},
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"Action": "lambda:*"},
        {"Condition": {}},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "1"}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::ada-public"}}},
        {
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": "2"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::ada-public"},
            }
        },
    ],
)
def test_a_permission_that_is_not_as_it_should_be_is_replaced(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    world = World(STATEMENT | change, LambdaFunctionConfigurations=[NOTIFICATION])
    assert ensure(TRIGGER, world.connect(monkeypatch)) == ["permission"]
    assert world.changes == ["take", "add"]


def test_a_permission_of_somebody_else_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    other = STATEMENT | {"Sid": "other"}
    world = World(other, LambdaFunctionConfigurations=[NOTIFICATION])
    assert ensure(TRIGGER, world.connect(monkeypatch)) == ["permission"]
    assert world.statements == [other, STATEMENT]


@pytest.mark.parametrize(
    "change",
    [
        {"Events": ["s3:ObjectCreated:*"]},
        {"Events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]},
        {"LambdaFunctionArn": f"{ARN}:1"},
        {"Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".zip"}]}}},
    ],
)
def test_a_notification_that_is_not_as_it_should_be_is_replaced(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    world = World(STATEMENT, LambdaFunctionConfigurations=[NOTIFICATION | change])
    assert ensure(TRIGGER, world.connect(monkeypatch)) == ["notification"]
    assert world.notifications["LambdaFunctionConfigurations"] == [NOTIFICATION]


def test_events_in_another_order_and_an_empty_filter_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = ("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy")
    twofold = Trigger("ada-public", "copy", events, "1", "aws", "eu-west-1")
    found = NOTIFICATION | {"Id": "by hand", "Events": list(events[::-1])}
    found["Filter"] = {"Key": {"FilterRules": []}}
    world = World(STATEMENT, LambdaFunctionConfigurations=[found])
    assert ensure(twofold, world.connect(monkeypatch)) == []


def test_notifications_of_others_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {
        "QueueConfigurations": [QUEUE],
        "TopicConfigurations": [QUEUE],
        "EventBridgeConfiguration": {},
    }
    world = World(LambdaFunctionConfigurations=[OTHER], **theirs)
    connection = world.connect(monkeypatch)
    ensure(TRIGGER, connection)
    both = {"LambdaFunctionConfigurations": [OTHER, NOTIFICATION]}
    assert world.notifications == theirs | both
    assert remove(TRIGGER, connection) == ["notification", "permission"]
    assert world.notifications == theirs | {"LambdaFunctionConfigurations": [OTHER]}
    assert world.statements == []


def test_what_was_not_added_is_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand = STATEMENT | {"Sid": "by-hand"}
    world = World(by_hand, LambdaFunctionConfigurations=[OTHER])
    assert remove(TRIGGER, world.connect(monkeypatch)) == []
    assert world.changes == []


def test_where_bucket_and_function_are_gone_there_is_nothing_to_remove(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.s3.answers["get_bucket_notification_configuration"] = refusal("NoSuchBucket")
    connection = world.connect(monkeypatch)
    assert remove(TRIGGER, connection) == []
    assert ensure(TRIGGER, connection, dry_run=True) == ["permission", "notification"]


@pytest.mark.parametrize("client", ["lambda_", "s3"])
def test_what_may_not_be_read_is_not_taken_for_absent(
    monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    world = World()
    reading = {"lambda_": "get_policy", "s3": "get_bucket_notification_configuration"}
    getattr(world, client).answers[reading[client]] = refusal("AccessDenied")
    for turn in (ensure, remove):
        with pytest.raises(type(INVALID), match="AccessDenied"):
            turn(TRIGGER, world.connect(monkeypatch), dry_run=True)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleeping takes no time, but is counted."""
    pauses: list[float] = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    monkeypatch.setattr(module.time, "monotonic", lambda: sum(pauses))
    return pauses


def test_s3_is_asked_again_until_it_sees_the_permission(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    world = World()
    world.refusals = [INVALID] * 5
    assert ensure(TRIGGER, world.connect(monkeypatch)) == ["permission", "notification"]
    assert world.notifications["LambdaFunctionConfigurations"] == [NOTIFICATION]
    assert clock == [0.5, 1, 2, 4, 5]


def test_s3_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    world = World()
    world.refusals = [INVALID] * 1000
    with pytest.raises(AwsError, match="does not accept copy as a target of ada-public's"):
        ensure(TRIGGER, world.connect(monkeypatch))
    assert 60 < sum(clock) <= 66


def test_a_notification_in_the_way_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    world = World()
    world.refusals = [refusal("InvalidArgument", message="Configurations overlap")]
    with pytest.raises(AwsError, match="Configurations overlap"):
        ensure(TRIGGER, world.connect(monkeypatch))
    assert clock == []


def test_any_other_refusal_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.refusals = [refusal("AccessDenied")]
    with pytest.raises(type(INVALID), match="AccessDenied"):
        ensure(TRIGGER, world.connect(monkeypatch))
