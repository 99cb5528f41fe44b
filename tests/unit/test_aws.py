"""How AWS is reached, and what people are told when it is not."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions as botocore
import pytest
from botocore.stub import Stubber

from labproof.aws import connection as aws
from labproof.aws.connection import Connection, explain
from labproof.aws.errors import AwsError, error_code, is_absent
from tests.support.fakes import FakeClient, connect, refusal

KEYS = {"AccessKeyId": "A" * 16, "SecretAccessKey": "assumed", "SessionToken": "token"}
ROLE = "arn:aws:iam::111122223333:role/grader"
IDENTITY = {"Account": "111122223333", "Arn": "arn:aws-us-gov:sts::1:assumed-role/r", "UserId": "u"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither cached clients nor this machine's own AWS settings take part."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(aws, "SHARED_SESSION", boto3.session.Session())
    caches = (aws._client, aws._assumed)
    for cache in caches:
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


def test_a_connection_is_what_the_inventory_says() -> None:
    variables = {
        "aws_region": "eu-west-1",
        "aws_account_id": 111122223333,
        "aws_profile": "",
        "aws_ca_bundle": None,
        "lab_role": "r",
    }
    assert Connection.from_variables(variables) == Connection(
        "eu-west-1", account_id="111122223333"
    )


def test_without_variables_a_connection_goes_to_aws_itself() -> None:
    assert Connection.from_variables({}) == Connection()
    assert Connection().region == "us-east-1"
    assert Connection().endpoint_url is None


def test_a_connection_shows_no_secret() -> None:
    shown = repr(Connection(secret_key="s3cret", session_token="t0ken", external_id="3xternal"))
    assert not any(secret in shown for secret in ("s3cret", "t0ken", "3xternal"))


def test_a_client_carries_region_endpoint_and_keys() -> None:
    client = Connection(
        "eu-west-1", "https://aws.test:1", access_key="AKID", secret_key="secret"
    ).client("s3")
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.endpoint_url == "https://aws.test:1"
    assert client._request_signer._credentials.access_key == "AKID"
    assert client.meta.config.retries["mode"] == "adaptive"


def test_a_client_is_made_with_the_connections_ca_and_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aws, "SHARED_SESSION", sessions := Sessions(None))
    Connection(ca_bundle="ca.pem", access_key="a", secret_key="b", session_token="c").client("s3")
    Connection().client("s3")
    (_, ours), (_, default) = sessions.made
    assert [ours[f"aws_{n}"] for n in ("access_key_id", "secret_access_key", "session_token")] == [
        "a",
        "b",
        "c",
    ]
    assert (ours["verify"], default["verify"]) == ("ca.pem", None)


def test_a_client_is_made_once_per_connection() -> None:
    one = {"access_key": "a", "secret_key": "b"}
    assert Connection(**one).client("s3") is Connection(**one).client("s3")
    assert Connection(**one).client("s3") is not Connection("eu-west-1", **one).client("s3")


class Sessions:
    """Stands for boto3's session: hands out one client, and remembers what for."""

    def __init__(self, client: Any) -> None:
        self.fake, self.made = client, []

    def client(self, service: str, *place: Any, **options: Any) -> Any:
        self.made.append((service, options))
        return self.fake


def test_an_assumed_roles_keys_replace_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = FakeClient(assume_role={"Credentials": KEYS})
    monkeypatch.setattr(aws, "SHARED_SESSION", sessions := Sessions(sts))
    connection = Connection(access_key="own", secret_key="s", assume_role_arn=ROLE, external_id="x")
    connection.client("s3")
    connection.client("iam")
    (request,) = sts.asked("assume_role")
    assert request == {"RoleArn": ROLE, "RoleSessionName": "labproof", "ExternalId": "x"}
    used = [(s, o["aws_access_key_id"], o["aws_session_token"]) for s, o in sessions.made]
    assumed = (KEYS["AccessKeyId"], "token")
    assert used == [("sts", "own", None), ("s3", *assumed), ("iam", *assumed)]


def test_no_external_id_is_sent_where_none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = FakeClient(assume_role={"Credentials": KEYS})
    monkeypatch.setattr(aws, "SHARED_SESSION", Sessions(sts))
    Connection(assume_role_arn=ROLE).client("s3")
    assert "ExternalId" not in sts.asked("assume_role")[0]


def test_modules_get_the_keys_of_the_assumed_role(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = FakeClient(assume_role={"Credentials": KEYS})
    monkeypatch.setattr(aws, "SHARED_SESSION", Sessions(sts))
    connection = Connection(access_key="own", secret_key="s", assume_role_arn=ROLE, profile="p")
    assert connection.module_arguments() == {
        "region": "us-east-1",
        "access_key": KEYS["AccessKeyId"],
        "secret_key": "assumed",
        "session_token": "token",
    }


def test_modules_get_keys_or_a_profile_but_never_both() -> None:
    keys = Connection(access_key="a", secret_key="b", profile="p").module_arguments()
    assert keys == {"region": "us-east-1", "access_key": "a", "secret_key": "b"}
    token = Connection(access_key="a", secret_key="b", session_token="c").module_arguments()
    assert token == keys | {"session_token": "c"}
    place = Connection("eu-west-1", "https://aws.test", ca_bundle="ca.pem", profile="p")
    assert place.module_arguments() == {
        "region": "eu-west-1",
        "endpoint_url": "https://aws.test",
        "aws_ca_bundle": "ca.pem",
        "profile": "p",
    }


def test_keys_win_over_a_profile() -> None:
    assert Connection(access_key="a", secret_key="b", profile="nowhere").client("s3")
    with pytest.raises(botocore.ProfileNotFound):
        Connection(profile="nowhere").client("s3")


def test_the_identity_is_the_callers_account_and_partition() -> None:
    connection = Connection("us-gov-west-1", access_key="a", secret_key="b")
    with Stubber(connection.client("sts")) as sts:
        sts.add_response("get_caller_identity", IDENTITY, {})
        assert connection.identity() == {
            "account": "111122223333",
            "partition": "aws-us-gov",
            "region": "us-gov-west-1",
        }


def test_a_refused_identity_is_one_sentence() -> None:
    connection = Connection(access_key="a", secret_key="b")
    with Stubber(connection.client("sts")) as sts:
        sts.add_client_error("get_caller_identity", "InvalidClientTokenId")
        with pytest.raises(AwsError, match="refused the credentials of the key in aws_access_key"):
            connection.identity()


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (
            Connection(ca_bundle="/nonexistent.pem"),
            "The CA bundle /nonexistent.pem (aws_ca_bundle)",
        ),
        (Connection(profile="nowhere"), "The AWS profile 'nowhere' (aws_profile) does not exist"),
        (Connection(endpoint_url="localhost:4566", profile=""), "correct aws_endpoint_url"),
        (Connection(), "No AWS credentials were found: set aws_profile, or aws_access_key"),
    ],
)
def test_a_wrong_setting_is_one_sentence(connection: Connection, words: str) -> None:
    with pytest.raises(AwsError) as refused:
        connection.identity()
    assert words in str(refused.value)


def test_a_ca_bundle_that_exists_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    connect(monkeypatch, sts=FakeClient(get_caller_identity=IDENTITY))
    assert Connection(ca_bundle=str(bundle)).identity()["account"] == "111122223333"


@pytest.mark.parametrize(
    ("key", "path"),
    [("a b+c.zip", "a%20b%2Bc.zip"), ("é/%25", "%C3%A9/%2525"), ("a/b", "a/b")],
)
def test_an_anonymous_url_names_the_object_and_signs_nothing(key: str, path: str) -> None:
    connection = Connection(endpoint_url="https://127.0.0.1:1", access_key="a", secret_key="b")
    assert connection.anonymous_url("bucket", key) == f"https://127.0.0.1:1/bucket/{path}"
    url = Connection("eu-west-1").anonymous_url("bucket", "x")
    assert url.startswith("https://bucket.s3.") and "?" not in url  # noqa: PT018


@pytest.mark.parametrize(
    "code",
    [
        "404",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchEntity",
        "NoSuchTagSet",
        "NoSuchTagSetError",
        "NotFound",
        "NoSuchBucketPolicy",
        "NoSuchPublicAccessBlockConfiguration",
        "ResourceNotFoundException",
    ],
)
def test_what_aws_does_not_find_is_absent(code: str) -> None:
    assert is_absent(refusal(code))


@pytest.mark.parametrize("code", ["403", "AccessDenied", "Throttling", "301", "", "InternalError"])
def test_what_aws_will_not_tell_is_not_absent(code: str) -> None:
    assert not is_absent(refusal(code))


def test_an_error_without_a_code_has_an_empty_one() -> None:
    assert error_code(botocore.ClientError({}, "GetRole")) == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (botocore.NoCredentialsError(), "No AWS credentials were found"),
        (botocore.PartialCredentialsError(provider="p", cred_var="v"), "No AWS credentials were"),
        (botocore.EndpointConnectionError(endpoint_url="x"), "No AWS API answers at https://aws.t"),
        (botocore.ConnectTimeoutError(endpoint_url="x"), "start-sandbox.yml`, or correct aws_end"),
        (botocore.ReadTimeoutError(endpoint_url="x"), "No AWS API answers at https://aws.test"),
        (botocore.NoRegionError(), "The AWS call to https://aws.test failed: You must specify"),
        (refusal("ExpiredToken"), "refused the credentials of the default credentials (ExpiredT"),
        (refusal("SignatureDoesNotMatch"), "renew them, or correct the aws_* variables"),
        (
            refusal("AccessDenied", "GetRole", "not yours"),
            "AWS answered AccessDenied to GetRole (not yours); asked by the default credentials.",
        ),
    ],
)
def test_every_error_of_the_sdk_becomes_one_sentence(error: Any, words: str) -> None:
    said = str(explain(error, Connection(endpoint_url="https://aws.test")))
    assert words in said
    assert "\n" not in said


def test_where_no_endpoint_is_set_the_region_is_named() -> None:
    error = botocore.EndpointConnectionError(endpoint_url="x")
    assert "answers at AWS in eu-west-1" in str(explain(error, Connection("eu-west-1")))


@pytest.mark.parametrize(
    "code",
    [
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ],
)
def test_credentials_that_aws_does_not_take_are_told_as_such(code: str) -> None:
    said = str(explain(refusal(code), Connection(profile="p")))
    assert said.startswith(f"AWS refused the credentials of p ({code}): renew them")


@pytest.mark.parametrize(
    ("connection", "who"),
    [
        (Connection(profile="p", assume_role_arn=ROLE), ROLE),
        (Connection(profile="p"), "p"),
        (Connection(access_key="a"), "the key in aws_access_key"),
        (Connection(), "the default credentials"),
    ],
)
def test_a_refusal_names_who_asked(connection: Connection, who: str) -> None:
    assert f"asked by {who}." in str(explain(refusal("AccessDenied"), connection))


def test_preloading_needs_neither_credentials_nor_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "SHARED_SESSION", sessions := Sessions(None))
    aws.preload(("sts", "s3"))
    assert [service for service, _ in sessions.made] == ["sts", "s3"]


def test_an_identity_is_plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(monkeypatch, sts=FakeClient(get_caller_identity=IDENTITY))
    assert json.dumps(connection.identity())
