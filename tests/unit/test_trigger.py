"""What delivers uploads already is found, and what a bucket notifies else is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from labproof.building.trigger import find_triggers, trigger_suffix, upload_pattern
from tests.support.fakes import FakeClient, a_lab, connect, refusal
from tests.support.plugins import action_plugin

ROLE = Path(__file__).parents[2] / "roles" / "trigger"
IDENTITY = {"account": "1", "partition": "aws", "region": "eu-west-1"}
EVENTS = ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]
LAB = a_lab(lab_trigger_events=EVENTS)
BUCKET = LAB.source.bucket
ARN = f"arn:aws:lambda:eu-west-1:1:function:{LAB.function.name}"
BY_HAND = {"Id": "by hand", "LambdaFunctionArn": ARN, "Events": EVENTS}
MINE = BY_HAND | {"Id": "labproof-copy"}
OTHER = BY_HAND | {"LambdaFunctionArn": f"{ARN}-2"}
QUEUE = {"Id": "q", "QueueArn": "arn:aws:sqs:eu-west-1:1:q", "Events": ["s3:ObjectRemoved:*"]}
RULE = {"Name": "by-hand", "Arn": "arn", "State": "ENABLED"}
NOTHING = {"eventbridge": False, "served": False}

wanted_of = action_plugin("bucket_notifications").wanted_of


def under(**values: str) -> dict[str, Any]:
    return {
        "Filter": {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in values.items()]}}
    }


def found(
    monkeypatch: pytest.MonkeyPatch, notification: Any, rule: Any = None, delivery: str = "any"
) -> dict[str, bool]:
    """What is found of the lab's only bucket, with these notifications and this rule."""
    s3 = FakeClient(get_bucket_notification_configuration=notification)
    events = FakeClient(
        list_rule_names_by_target={"RuleNames": ["by-hand"] if rule else []},
        describe_rule=rule or {},
        list_targets_by_rule={"Targets": []},
    )
    connection = connect(monkeypatch, s3=s3, events=events)
    return find_triggers(
        a_lab(lab_trigger_events=EVENTS, lab_delivery=delivery), connection, IDENTITY
    )[BUCKET]


@pytest.mark.parametrize(
    ("configurations", "served"),
    [
        ([], False),
        ([BY_HAND], True),
        ([BY_HAND | {"Events": EVENTS[::-1]} | under(Prefix="", Suffix="")], True),
        ([BY_HAND | under(Suffix=".zip")], False),
        ([BY_HAND | {"Events": ["s3:ObjectRemoved:*"]}], False),
        ([BY_HAND | {"LambdaFunctionArn": f"{ARN}:1"}], False),
        ([OTHER], False),
        ([MINE], False),
    ],
)
def test_a_notification_of_somebody_else_that_does_the_same_is_enough(
    monkeypatch: pytest.MonkeyPatch, configurations: list[Any], served: bool
) -> None:
    seen = found(monkeypatch, {"LambdaFunctionConfigurations": configurations})
    assert seen == {"eventbridge": False, "served": served}


@pytest.mark.parametrize(
    ("change", "served"),
    [
        ({}, True),
        ({"State": "DISABLED"}, False),
        ({"Name": "labproof-copy"}, False),
        ({"EventPattern": json.dumps(upload_pattern("another"))}, False),
    ],
)
def test_a_rule_of_somebody_else_that_does_the_same_is_enough(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], served: bool
) -> None:
    rule = RULE | {"EventPattern": json.dumps(upload_pattern(BUCKET))} | change
    seen = found(monkeypatch, {"EventBridgeConfiguration": {}}, rule, "eventbridge")
    assert seen == {"eventbridge": True, "served": served}
    assert not found(monkeypatch, {}, rule, "eventbridge")["served"], "the bucket sends nothing"


def test_where_there_is_no_bucket_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = FakeClient(get_bucket_notification_configuration=refusal("NoSuchBucket"))
    events = FakeClient(list_rule_names_by_target={"RuleNames": []})
    connection = connect(monkeypatch, s3=s3, events=events)
    assert find_triggers(LAB, connection, IDENTITY) == {BUCKET: NOTHING}


def test_what_may_not_be_read_may_go_to_eventbridge(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = found(monkeypatch, refusal("AccessDenied"))
    assert seen == {"eventbridge": True, "served": False}


def changed(found: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    nothing = {"eventbridge": False, "event_name": "", "lambda_function_arn": "", "events": []}
    wanted: dict[str, Any] = wanted_of(found, nothing | arguments)
    return wanted


def test_notifications_of_others_are_kept() -> None:
    theirs = {"QueueConfigurations": [QUEUE], "EventBridgeConfiguration": {}}
    before = theirs | {"LambdaFunctionConfigurations": [OTHER]}
    mine = {"event_name": "labproof-copy", "lambda_function_arn": ARN, "events": EVENTS}
    both = changed(before, **mine)
    assert both == theirs | {"LambdaFunctionConfigurations": [OTHER, MINE]}
    assert changed(both, **mine) == both
    assert changed(both, event_name="labproof-copy") == before
    assert changed(before, event_name="labproof-copy") == before
    assert changed({}, event_name="labproof-copy") == {}
    assert changed(before, eventbridge=True) == before
    assert changed({}, eventbridge=True) == {"EventBridgeConfiguration": {}}


def test_the_triggers_of_several_buckets_have_names_of_their_own_that_aws_takes() -> None:
    suffixes = {trigger_suffix(bucket) for bucket in ("a.b", "a-b")}
    assert len(suffixes) == 2
    loader = DataLoader()
    names = loader.load_from_file(str(ROLE / "vars" / "main.yml"), trusted_as_template=True)
    for suffix in ("", *suffixes):
        given = {"trigger_function": "f" * 64, "trigger_suffix": suffix}
        templar = Templar(loader, names | given)
        statement, rule = (templar.template(names[n]) for n in ("__trigger_id", "__trigger_rule"))
        assert len(statement) <= 100
        assert len(rule) == 64
        assert statement.endswith(suffix)
        assert rule.endswith(suffix)
