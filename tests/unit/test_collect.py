"""One pass over an account: what exists, what does not, what could not be read, each as itself."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.aws.operations import ABSENT, OPERATIONS
from labproof.evidence import archive
from labproof.evidence.collect import collect
from labproof.evidence.collect.survey import survey
from tests.support.account import ANSWERS, PLACE, POLICY, PREFIX, a_whole_lab
from tests.support.wire import TIMEOUT, Asked, Wire, wired

# One answer may stand in several places, or tell where else to look.
TOLD_TWICE = {"GetEventSelectors": 2, "GetTrailStatus": 2, "ListAliases": 2}
LEADS_TO_VERSIONS = {"GetBucketNotificationConfiguration", "HeadBucket"}
VERSIONS = ("function", "aliases")
CODES = ["AccessDenied", "ThrottlingException", TIMEOUT]


def serve_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve a deployment package without a network."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("lambda_function.py", "def lambda_handler(event, context): ...")
    monkeypatch.setattr(
        "urllib.request.urlopen", lambda url, **options: io.BytesIO(buffer.getvalue())
    )


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    serve_code(monkeypatch)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return wired(monkeypatch, ANSWERS)


def state() -> dict[str, Any]:
    return collect(a_whole_lab(), Connection(), PLACE)


def differences(before: Any, after: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Yield where two states differ, and what stands there now."""
    if isinstance(before, dict) and isinstance(after, dict) and set(before) == set(after):
        for name in before:
            yield from differences(before[name], after[name], (*place, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, (*place, number))
    elif before != after:
        yield place, after


def a_pass() -> tuple[list[Asked], dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        serve_code(patch)
        wire = wired(patch, ANSWERS)
        found = state()
    return sorted(wire.calls), found


CALLS, BEFORE = a_pass()


def test_a_pass_reads_every_part_and_asks_nothing_twice(wire: Wire) -> None:
    found = state()
    empty = [part for part, seen in found.items() if seen is None]
    assert empty == ["topic", "stack"]
    assert [part for part, seen in found.items() if is_error(seen)] == []
    once = [asked for asked in wire.calls if asked.operation not in ("GetPolicy", "DescribeKey")]
    assert sorted(set(once)) == sorted(once)


def test_all_that_is_asked_is_declared(wire: Wire) -> None:
    survey(a_whole_lab(), Connection(), PLACE)
    known = {(one.service, one.api_name) for one in OPERATIONS}
    assert {(asked.service, asked.operation) for asked in (*CALLS, *wire.calls)} - known == set()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("asked", CALLS, ids=lambda asked: f"{asked.operation}")
def test_one_refused_call_is_one_error_in_its_place(wire: Wire, asked: Asked, code: str) -> None:
    wire.broken = {asked: code}
    found = dict(differences(BEFORE, state()))
    assert wire.calls.count(asked) >= 1
    if asked.operation in LEADS_TO_VERSIONS:
        found.pop(VERSIONS, None)
    assert found, "the failure is nowhere to be seen"
    for place, now in found.items():
        assert is_error(now), (place, now)
        assert now["error"]["call"] == xform_name(asked.operation)
        assert now["error"]["code"] == code
    assert len(found) == TOLD_TWICE.get(asked.operation, wire.calls.count(asked))


# What each service calls the absence of what an operation of this name asks for
CODE_OF = {"iam": "NoSuchEntity", "lambda": "ResourceNotFoundException"}
CAN_BE_ABSENT = [asked for asked in CALLS if ABSENT.get(xform_name(asked.operation))]


@pytest.mark.parametrize("asked", CAN_BE_ABSENT, ids=lambda asked: f"{asked.operation}")
def test_absence_of_one_thing_is_no_error_and_no_absence_of_another(
    wire: Wire, asked: Asked
) -> None:
    codes = ABSENT[xform_name(asked.operation)]
    wire.broken = {asked: CODE_OF.get(asked.service, min(codes))}
    for place, now in differences(BEFORE, state()):
        boundary = is_error(now) and "boundary" in place  # a boundary that is gone still binds
        assert boundary or not is_error(now), (place, now)


@pytest.mark.parametrize("asked", CALLS, ids=lambda asked: f"{asked.operation}")
def test_a_code_that_means_absence_elsewhere_is_an_error_here(wire: Wire, asked: Asked) -> None:
    wire.broken = {asked: "NoSuchUpload"}
    found = dict(differences(BEFORE, state()))
    assert all(is_error(now) for place, now in found.items() if place != VERSIONS)


@pytest.mark.usefixtures("wire")
def test_a_state_is_as_its_schema_says() -> None:
    found = state() | {"client": None}
    validator = archive.validator().evolve(
        schema=archive.schema()["properties"]["state"] | {"$defs": archive.schema()["$defs"]}
    )
    assert [error.message for error in validator.iter_errors(found)] == []
    json.dumps(found, allow_nan=False)


@pytest.mark.usefixtures("wire")
def test_no_value_of_the_environment_is_kept_that_names_nothing() -> None:
    found = state()["function"]["environment"]
    assert found["TABLE_NAME"]["value"] == "ada-table"
    assert (found["API_TOKEN"]["value"], found["API_TOKEN"]["secret"]) == (None, True)
    assert (found["A"]["value"], found["A"]["secret"]) == (None, False)
    assert "s3cret" not in json.dumps(state())


@pytest.mark.usefixtures("wire")
def test_the_other_names_of_a_function_are_read_with_their_policies_and_rules() -> None:
    found = state()
    aliases = {alias["name"]: alias for alias in found["function"]["aliases"]}
    assert {name: a["version"] for name, a in aliases.items()} == {"live": "7", "7": "7"}
    assert aliases["7"]["arn"] == f"{PREFIX}:7"
    assert all(alias["policy"] == POLICY for alias in aliases.values())
    assert [rule["name"] for rule in found["rules"]] == ["uploads", "by-alias"]


@pytest.mark.usefixtures("wire")
def test_users_are_those_with_policies_about_a_labs_services() -> None:
    found = state()["users"]
    assert (found["counted"], found["cut"]) == (2, False)
    (eve,) = found["listed"]
    assert (eve["name"], eve["inline"]) == ("eve", {"own": POLICY})
    assert eve["boundary"] == {"arn": "arn:aws:iam::aws:policy/B", "document": POLICY}
    assert [(g["name"], g["inline"]) for g in eve["groups"]] == [("team", {"ours": POLICY})]


def test_an_account_without_anything_has_nothing_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = {
        "s3.HeadBucket": "404",
        "s3.ListObjectsV2": "NoSuchBucket",
        "s3control.GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        "iam.GetRole": "NoSuchEntity",
        "iam.ListAttachedRolePolicies": "NoSuchEntity",
        "iam.ListRolePolicies": "NoSuchEntity",
        "dynamodb.DescribeTable": "ResourceNotFoundException",
        "dynamodb.DescribeContinuousBackups": "TableNotFoundException",
        "lambda.GetFunction": "ResourceNotFoundException",
        "lambda.GetPolicy": "ResourceNotFoundException",
        "lambda.ListAliases": "ResourceNotFoundException",
        "kms.DescribeKey": "NotFoundException",
        "cloudtrail.GetTrail": "TrailNotFoundException",
        "cloudtrail.GetTrailStatus": "TrailNotFoundException",
        "cloudtrail.GetEventSelectors": "TrailNotFoundException",
    }
    wired(monkeypatch, absent)
    found = state()
    parts = ("source_bucket", "destination_bucket", "role", "table", "function", "key", "trail")
    assert {part: found[part] for part in parts} == dict.fromkeys(parts)
    assert (found["rules"], found["log_group"]) == ([], None)
    assert found["samples"] == {"found": [], "listing": None}
    assert found["users"] == {"counted": 0, "cut": False, "listed": []}
    assert '"error"' not in json.dumps(found)


def test_an_account_that_refuses_everything_is_full_of_errors_and_none_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wired(monkeypatch, {f"{asked.service}.{asked.operation}": "AccessDenied" for asked in CALLS})
    found = state()
    unread = {part for part, seen in found.items() if is_error(seen)}
    assert {"source_bucket", "role", "table", "function", "rules", "key", "users"} <= unread


def test_answers_such_as_aws_never_gives_are_errors_of_their_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wired(monkeypatch, ANSWERS | {"dynamodb.DescribeTable": {"Table": {"TableName": "x"}}})
    found = state()
    assert is_error(found["table"])
    assert found["function"]["state"] == "Active"


@pytest.mark.usefixtures("wire")
def test_before_building_no_more_is_read_than_whose_a_part_is() -> None:
    found = survey(a_whole_lab(), Connection(), PLACE)
    assert {part for part, seen in found.items() if seen is None} == {"trail_log_group"}
    assert {part for part, seen in found.items() if seen and is_error(seen["tags"])} == set()
    assert found["table"]["key"][0]["name"] == "device_id"
    assert found["role"]["trust"] == POLICY
