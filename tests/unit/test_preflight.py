"""What is checked before a lab is touched."""

from typing import Any

import pytest

from labproof.analysis.policies import trusts_only_lambda
from labproof.aws.connection import Connection, check_account
from labproof.aws.errors import AwsError
from labproof.building import preflight
from labproof.building.preflight import conflicts, inspect, ownership
from labproof.labs.lab import LabError
from tests.support.fakes import FakeClient, a_lab, connect

LAMBDA = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
SOMEBODY = {"AWS": "arn:aws:iam::111122223333:root"}
KEY = [{"name": "LogID", "role": "HASH", "type": "S"}]


def trust(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def error(code: str) -> dict[str, Any]:
    return {"error": {"call": "head_bucket", "code": code, "message": ""}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Principal": {"Service": ["lambda.amazonaws.com"]}},
        {"Action": ["sts:AssumeRole"]},
        {"Action": ["sts:TagSession", "sts:AssumeRole"]},
        {"Action": "sts:*"},
        {"Action": "sts:Assume*"},
        {"Action": "STS:assumerole"},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:111122223333:*"}}},
        {"Condition": {"StringEquals": {"aws:SourceOrgID": "o-a"}}},
        {"Condition": {"ForAllValues:StringLike": {"aws:SourceOrgPaths": "o-a/*"}}},
    ],
)
def test_lambda_may_be_trusted_in_many_words(change: dict[str, Any]) -> None:
    assert trusts_only_lambda(trust(LAMBDA | change))
    assert trusts_only_lambda({"Statement": LAMBDA | change})


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Principal": {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}},
        {"Principal": {"Service": "lambda.amazonaws.com"} | SOMEBODY},
        {"Principal": SOMEBODY},
        {"Principal": {"AWS": "*"}},
        {"Principal": "*"},
        {"Action": "sts:TagSession"},
        {"Action": "sts:AssumeRoleWithWebIdentity"},
        {"Action": []},
        {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}},
        {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
    ],
)
def test_trust_in_others_or_in_a_way_lambda_cannot_use_is_not_enough(
    change: dict[str, Any],
) -> None:
    assert not trusts_only_lambda(trust(LAMBDA | change))


@pytest.mark.parametrize("empty", [{}, trust(), {"Statement": None}])
def test_no_trust_is_not_enough(empty: dict[str, Any]) -> None:
    assert not trusts_only_lambda(empty)


@pytest.mark.parametrize(
    "action", ["sts:AssumeRole", "sts:*", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]
)
def test_a_second_statement_must_not_let_anybody_else_in(action: str) -> None:
    other = {"Effect": "Allow", "Principal": SOMEBODY, "Action": action}
    assert not trusts_only_lambda(trust(LAMBDA, other))
    assert not trusts_only_lambda(trust(other, LAMBDA))
    assert trusts_only_lambda(trust(LAMBDA, other | {"Effect": "Deny"}))


def test_a_statement_that_lets_nobody_in_does_no_harm() -> None:
    tagging = {"Effect": "Allow", "Principal": SOMEBODY, "Action": "sts:TagSession"}
    assert trusts_only_lambda(trust(LAMBDA, tagging))


def test_a_deny_keeps_lambda_out_unless_it_is_conditional() -> None:
    deny = LAMBDA | {"Effect": "Deny"}
    assert not trusts_only_lambda(trust(LAMBDA, deny))
    assert not trusts_only_lambda(trust(LAMBDA, deny | {"Principal": "*", "Action": "*"}))
    assert trusts_only_lambda(trust(LAMBDA, deny | {"Action": "sts:TagSession"}))
    others = {"Condition": {"StringNotEquals": {"aws:SourceAccount": "111122223333"}}}
    assert trusts_only_lambda(trust(LAMBDA, deny | others))


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    caller = {"Account": "111122223333", "Arn": "arn:aws-cn:iam::111122223333:user/ada"}
    connect(monkeypatch, sts=FakeClient(get_caller_identity=caller))
    return {"account": "111122223333", "partition": "aws-cn", "region": "us-east-1"}


@pytest.mark.parametrize("expected", [None, "111122223333"])
def test_the_account_that_answers_is_told(identity: dict[str, str], expected: str | None) -> None:
    assert check_account(Connection(account_id=expected)) == identity


@pytest.mark.usefixtures("identity")
def test_another_account_than_expected_stops_everything() -> None:
    with pytest.raises(AwsError, match="belong to account 111122223333, aws_account_id asks for 4"):
        check_account(Connection(account_id="444455556666"))


@pytest.mark.parametrize(
    ("part", "state"),
    [
        (None, "absent"),
        ({"tags": {"labproof-lab": "ada"}}, "ours"),
        ({"tags": {"labproof-lab": "bob"}}, "foreign"),
        ({"tags": {"ada": "labproof-lab"}}, "foreign"),
        ({"tags": {}}, "foreign"),
        ({"tags": None}, "foreign"),
        ({}, "foreign"),
        ({"tags": error("AccessDenied")}, "unknown"),
        (error("AccessDenied"), "unknown"),
    ],
)
def test_only_what_carries_the_labs_tag_is_ours(part: Any, state: str) -> None:
    assert ownership(a_lab(), {"role": part}) == {"role": state}


def test_nothing_stands_in_the_way_of_a_lab_that_is_absent_or_right() -> None:
    assert conflicts(a_lab(), {"role": None, "table": None, "source_bucket": None}) == []
    assert (
        conflicts(a_lab(), {"role": {"trust": trust(LAMBDA)}, "table": {"key": KEY, "indexes": []}})
        == []
    )
    assert conflicts(a_lab(), {}) == []


def test_a_role_of_others_is_in_the_way() -> None:
    (said,) = conflicts(a_lab(), {"role": {"trust": trust(LAMBDA | {"Principal": SOMEBODY})}})
    assert said.startswith("The role 'ada-role' exists and trusts others than lambda.amazonaws.com")
    assert "set lab_role to another name" in said


@pytest.mark.parametrize(
    "key",
    [
        [{"name": "LogID", "role": "HASH", "type": "N"}],
        [{"name": "Id", "role": "HASH", "type": "S"}],
        [*KEY, {"name": "Timestamp", "role": "RANGE", "type": "S"}],
    ],
)
def test_a_table_with_another_key_is_in_the_way(key: list[dict[str, Any]]) -> None:
    (said,) = conflicts(a_lab(), {"table": {"key": key, "indexes": []}})
    assert f"{key[-1]['name']} ({key[-1]['type']}, {key[-1]['role']})" in said
    assert "the lab needs LogID (S, HASH) alone" in said


def test_the_wanted_key_is_the_labs_partition_key_alone() -> None:
    assert a_lab(lab_table_partition_key="Id").table.key == [KEY[0] | {"name": "Id"}]


@pytest.mark.parametrize("part", ["source_bucket", "destination_bucket"])
@pytest.mark.parametrize("code", ["403", "301"])
def test_a_bucket_of_somebody_else_is_in_the_way(part: str, code: str) -> None:
    (said,) = conflicts(a_lab(), {part: error(code)})
    name = {"source_bucket": "ada-public", "destination_bucket": "ada-private"}[part]
    assert said.startswith(f"The bucket name {name!r} is taken by another account or region")
    assert f"set lab_{part} to another name" in said


def test_what_cannot_be_read_is_in_the_way_by_its_error() -> None:
    evidence = {"log_group": error("AccessDenied"), "role": error("Throttling")}
    assert conflicts(a_lab(), evidence) == [
        "log group of ada cannot be read: AccessDenied from head_bucket; grant the right, or "
        "correct the name.",
        "role of ada cannot be read: Throttling from head_bucket; grant the right, or correct the "
        "name.",
    ]


@pytest.mark.parametrize("part", ["source_bucket", "role", "table", "function"])
def test_what_cannot_be_read_is_told_once(part: str) -> None:
    (said,) = conflicts(a_lab(), {part: error("AccessDenied")})
    assert said.startswith(f"{part.replace('_', ' ')} of ada cannot be read: AccessDenied")


def test_conflicts_stop_who_builds_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, identity: dict[str, str]
) -> None:
    evidence = {"source_bucket": error("403"), "role": None}
    monkeypatch.setattr(preflight, "survey", lambda lab, connection, place: evidence)
    states = {"source_bucket": "unknown", "role": "absent"}
    found = inspect(a_lab(), Connection(), building=False)
    assert (found["identity"], found["ownership"]) == (identity, states)
    with pytest.raises(LabError, match="is taken by another account"):
        inspect(a_lab(), Connection(), building=True)
    evidence.update(source_bucket=None)
    assert inspect(a_lab(), Connection(), building=True)["ownership"]["source_bucket"] == "absent"
