"""The role gives a bucket's trigger and takes it away, and nothing of what others have there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.world import World

from .conftest import ACCOUNT, Play, create_function, let_invoke

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:copy"
OTHER = {"Id": "other", "LambdaFunctionArn": f"{FUNCTION}-2", "Events": ["s3:ObjectRemoved:*"]}
CHANGED, SAME = {"localhost": 2}, {"localhost": 0}


@pytest.fixture(scope="module")
def function(world: World) -> None:
    for name in ("copy", "copy-2"):
        create_function(world, name)


def trigger(bucket: str, **given: Any) -> dict[str, Any]:
    """The task of a bucket and a function that are somebody else's."""
    identity = {"partition": "aws", "region": "us-east-1", "account": ACCOUNT}
    found = {"trigger_bucket_found": "foreign", "trigger_function_found": "foreign"}
    names = {"trigger_bucket": bucket, "trigger_function": "copy", "trigger_identity": identity}
    given = {f"trigger_{name}": value for name, value in given.items()}
    return {"ansible.builtin.include_role": {"name": "trigger"}, "vars": names | found | given}


def statements(world: World) -> list[dict[str, Any]]:
    policy = world.connection(ACCOUNT).client("lambda").get_policy(FunctionName="copy")["Policy"]
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def configuration(world: World, bucket: str, *others: dict[str, Any], **more: Any) -> Any:
    """Make a bucket with these notifications, and return how to read what it has."""
    s3 = world.connection(ACCOUNT).client("s3")
    s3.create_bucket(Bucket=bucket)
    let_invoke(world, bucket, "copy-2")
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": others} | more,
        SkipDestinationValidation=True,
    )
    return lambda: s3.get_bucket_notification_configuration(Bucket=bucket)


@pytest.mark.parametrize("eventbridge", [False, True])
def test_what_others_have_is_kept(
    world: World, function: None, play: Play, eventbridge: bool
) -> None:
    bucket = f"kept-{eventbridge}".lower()
    more = {"EventBridgeConfiguration": {}} if eventbridge else {}
    seen = configuration(world, bucket, OTHER, **more)
    for options, changed in (
        (("--check",), CHANGED),
        ((), CHANGED),
        ((), SAME),
        (("--check",), SAME),
    ):
        run = play(trigger(bucket, eventbridge=eventbridge), options=options)
        assert (run.code, run.changed) == (0, changed), run.messages
    (statement,) = statements(world)
    assert ACCOUNT in json.dumps(statement["Condition"])
    ids = {one["Id"] for one in seen()["LambdaFunctionConfigurations"]}
    assert ids == {"other", "labproof-copy"}
    assert ("EventBridgeConfiguration" in seen()) is eventbridge
    for changed in (CHANGED, SAME):
        run = play(trigger(bucket, eventbridge=eventbridge, state="absent"))
        assert (run.code, run.changed) == (0, changed), run.messages
    assert statements(world) == []
    assert seen()["LambdaFunctionConfigurations"] == [OTHER]
    assert ("EventBridgeConfiguration" in seen()) is eventbridge


def test_what_is_not_as_it_should_be_is_replaced(world: World, function: None, play: Play) -> None:
    under = {"Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".zip"}]}}}
    mine = OTHER | {"Id": "labproof-copy", "LambdaFunctionArn": FUNCTION} | under
    seen = configuration(world, "odd", mine)
    world.connection(ACCOUNT).client("lambda").add_permission(
        FunctionName="copy",
        StatementId="labproof-copy",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::odd",
    )
    run = play(trigger("odd"))
    assert (run.code, run.changed) == (0, CHANGED), run.messages
    assert ACCOUNT in json.dumps(statements(world)[0]["Condition"])
    (stored,) = seen()["LambdaFunctionConfigurations"]
    assert {rule["Value"] for rule in stored["Filter"]["Key"]["FilterRules"]} == {""}


def test_what_s3_refuses_is_told_in_a_sentence(world: World, function: None, play: Play) -> None:
    configuration(world, "refused")
    run = play(trigger("refused", events=["s3:Nonsense"]))
    assert run.code != 0
    assert "S3 does not accept copy as a target of refused's notifications" in str(run.messages)


def test_eventbridge_delivers_by_a_rule_of_its_own(
    world: World, function: None, play: Play
) -> None:
    seen, events = configuration(world, "ruled", OTHER), world.connection(ACCOUNT).client("events")
    for changed in ({"localhost": 3}, SAME):
        run = play(trigger("ruled", delivery="eventbridge"))
        assert (run.code, run.changed) == (0, changed), run.messages
    assert "EventBridgeConfiguration" in seen()
    (target,) = events.list_targets_by_rule(Rule="labproof-copy")["Targets"]
    assert target["Arn"] == FUNCTION
    for changed in (CHANGED, SAME):
        run = play(trigger("ruled", delivery="eventbridge", state="absent"))
        assert (run.code, run.changed) == (0, changed), run.messages
    assert events.list_rules()["Rules"] == []
    assert "EventBridgeConfiguration" in seen(), "others may rely on it"
