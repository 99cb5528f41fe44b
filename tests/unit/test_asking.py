"""What an answer of AWS comes to: data, None for what is not there, or an error that says why."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from labproof.aws.asking import attempt, call, paged
from labproof.aws.operations import OPERATIONS, Operation
from tests.support.fakes import FakeClient, connect, refusal
from tests.support.wire import SESSION

POLICY = {"Bucket": "ada"}
TOLD = "User: me is not authorized to perform: kms:GenerateDataKey on resource: that key"


def raising(error: Exception) -> Any:
    def work() -> Any:
        raise error

    return work


def test_a_call_answers_its_response_or_one_field_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"Policy": "text", "ResponseMetadata": {"HTTPStatusCode": 200}}
    connection = connect(monkeypatch, s3=FakeClient(get_bucket_policy=answer))
    assert call("s3", "get_bucket_policy", **POLICY).answer(connection) == {"Policy": "text"}
    assert call("s3", "get_bucket_policy", "Policy", **POLICY).answer(connection) == "text"
    assert call("s3", "get_bucket_policy", "Other", **POLICY).answer(connection) is None
    assert paged("s3", "get_bucket_policy", 3, **POLICY).answer(connection) == [answer]


@pytest.mark.parametrize(
    ("operation", "code", "absent"),
    [
        ("GetBucketPolicy", "NoSuchBucketPolicy", True),
        ("GetBucketPolicy", "NoSuchEntity", False),
        ("GetBucketPolicy", "AccessDenied", False),
        ("DescribeTable", "ResourceNotFoundException", True),
        ("GetPolicy", "NoSuchEntity", True),
        ("GetPolicy", "ResourceNotFoundException", True),
        ("GetBucketAcl", "NoSuchBucketPolicy", False),
        ("DeleteRole", "NoSuchEntity", True),
    ],
)
def test_what_is_absent_depends_on_what_was_asked(operation: str, code: str, absent: bool) -> None:
    found = attempt("anything", raising(refusal(code, operation)))
    assert (found is None) is absent


def test_an_error_names_the_operation_that_was_refused_and_the_right_that_is_missing() -> None:
    denied = refusal("AccessDenied", "GetBucketEncryption", "Access Denied")
    assert attempt("head_bucket", raising(denied)) == {
        "error": {
            "call": "get_bucket_encryption",
            "code": "AccessDenied",
            "message": "Access Denied; it needs s3:GetEncryptionConfiguration",
        }
    }


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (refusal("AccessDenied", "PutObject", TOLD), TOLD),
        (refusal("Throttling", "HeadObject", "slow down"), "slow down"),
        (refusal("403", "HeadObject", ""), "it needs s3:GetObject"),
        (refusal("AccessDenied", "DeleteRole", "not you"), "not you"),
        (refusal("AccessDenied", "GetPolicy", "of IAM or Lambda"), "of IAM or Lambda"),
        (ClientError({}, "HeadObject"), ""),
    ],
)
def test_a_right_is_named_where_aws_does_not_and_only_there(
    error: ClientError, message: str
) -> None:
    assert attempt("x", raising(error))["error"]["message"] == message


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url="x"), OSError("gone")])
def test_no_answer_at_all_is_an_error_of_what_was_attempted(error: Exception) -> None:
    told = attempt("get_object", raising(error))["error"]
    assert (told["call"], told["code"]) == ("get_object", type(error).__name__)


@pytest.mark.parametrize("declared", OPERATIONS, ids=lambda one: f"{one.service}.{one.name}")
def test_what_is_declared_is_an_operation_that_aws_has(declared: Operation) -> None:
    names = SESSION._session.get_service_model(declared.service).operation_names
    assert declared.api_name in names
    assert OPERATIONS.count(declared) == 1
