"""What a bucket's policy and ACL open, and whether plain HTTP is refused."""

from typing import Any

import pytest
from hypothesis import given

from labproof.analysis.policies import (
    acl_openings,
    anyone_may_read,
    is_public,
    others_beyond_reading,
    policy_openings,
    refuses_plain_http,
)

from .test_authorization import HOSTILE

ACCOUNT, OTHER = "111122223333", "999988887777"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
BUCKET = "arn:aws:s3:::bucket"
OBJECTS = f"{BUCKET}/*"
READ = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}
DENY = READ | {"Effect": "Deny"}
HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [BUCKET, OBJECTS],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Principal": {"AWS": ["*"]}},
        {"Action": ["s3:ListBucket", "s3:Get*"], "Resource": [BUCKET, OBJECTS]},
        {"Resource": "*"},
        {"Resource": "arn:aws:s3:::buck*"},
        {"Condition": {}},
    ],
)
def test_reading_may_be_opened_to_anyone_in_many_words(change: dict[str, Any]) -> None:
    assert anyone_may_read(policy(READ | change, HTTP), BUCKET)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"AWS": ROLE}},
        {"Principal": {"Service": "*"}},
        {"Action": "s3:PutObject"},
        {"Action": "s3:GetObjectAcl"},
        {"Resource": BUCKET},
        {"Resource": f"{BUCKET}/public/*"},
        {"Resource": f"{BUCKET}/??*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"StringLike": {"aws:Referer": "*"}}},
    ],
)
def test_less_than_every_object_for_everyone_is_no_public_reading(change: dict[str, Any]) -> None:
    assert not anyone_may_read(policy(READ | change), BUCKET)


@pytest.mark.parametrize(
    ("change", "reads"),
    [
        ({}, False),
        ({"Resource": f"{BUCKET}/secret/*"}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}, False),
        ({"Principal": {"AWS": ROLE}}, True),
        ({"Action": "s3:PutObject"}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER}}}, True),
        ({"Action": "s3:*", "Condition": {"BoolIfExists": {"aws:SecureTransport": False}}}, True),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, True),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": 1.3}}}, False),
    ],
)
def test_a_deny_that_may_hit_a_stranger_ends_public_reading(
    change: dict[str, Any], reads: bool
) -> None:
    assert anyone_may_read(policy(READ, DENY | change), BUCKET) is reads


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobjectversion", ["s3:Get*"]])
def test_reading_is_not_beyond_reading(action: Any) -> None:
    assert others_beyond_reading(policy(READ | {"Action": action}), ACCOUNT) == []


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:*"])
@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": OTHER},
        {"AWS": f"arn:aws-cn:iam::{OTHER}:root"},
        {"AWS": f"arn:aws:iam::{OTHER}:role/{ACCOUNT}"},
        {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"]},
        {"CanonicalUser": "79a5"},
        {"Federated": "accounts.google.com"},
        {"Service": "cloudtrail.amazonaws.com"},
    ],
)
def test_what_others_may_do_beyond_reading_is_told(principal: Any, action: str) -> None:
    found = others_beyond_reading(
        policy(READ | {"Principal": principal, "Action": action}), ACCOUNT
    )
    assert len(found) == 1
    assert action in found[0]


def test_everything_but_some_is_told() -> None:
    but = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": ROLE},
        "NotAction": "s3:Put*",
        "Resource": "*",
    }
    assert len(others_beyond_reading(policy(but), ACCOUNT)) == 1


LIMITED = [
    {"Principal": {"AWS": ACCOUNT}},
    {"Principal": {"AWS": [ROLE, f"arn:aws:iam::{ACCOUNT}:root"]}},
    {"Principal": {"AWS": "AROAABCDEFGHIJKLMNOPQ"}},
    {"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}},
    {"Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}},
    {"Effect": "Deny"},
]


@pytest.mark.parametrize("change", LIMITED)
def test_the_account_itself_may_do_all(change: dict[str, Any]) -> None:
    written = policy(READ | {"Action": ["s3:*"]} | change)
    assert others_beyond_reading(written, ACCOUNT) == []
    assert policy_openings(written, ACCOUNT) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/*"}},
    ],
)
def test_a_service_that_acts_for_the_account_is_no_other(condition: dict[str, Any]) -> None:
    service = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}
    assert others_beyond_reading(policy(READ | service | {"Condition": condition}), ACCOUNT) == []
    assert policy_openings(policy(READ | service), ACCOUNT) == []


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Principal": {"AWS": OTHER}},
        {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:user/x"}},
        {"Principal": {"CanonicalUser": "79a5"}},
        {"Resource": f"{BUCKET}/one"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_whoever_is_let_in_from_outside_opens_a_bucket(change: dict[str, Any]) -> None:
    assert len(policy_openings(policy(READ | change, HTTP), ACCOUNT)) == 1


def test_a_deny_closes_only_what_it_takes_back_in_whole() -> None:
    others = {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}
    assert policy_openings(policy(READ, DENY | others), ACCOUNT) == []
    with_account = {"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}
    assert len(policy_openings(policy(READ, DENY | with_account), ACCOUNT)) == 1
    part = DENY | others | {"Resource": f"{BUCKET}/secret/*"}
    assert len(policy_openings(policy(READ, part), ACCOUNT)) == 1
    assert len(policy_openings(policy(READ | {"Action": "s3:*"}, DENY | others), ACCOUNT)) == 1


def grant(**grantee: str) -> dict[str, Any]:
    return {"Grantee": grantee, "Permission": "READ"}


@pytest.mark.parametrize(
    ("given_", "openings"),
    [
        ([grant(ID="me")], 0),
        ([grant(URI="http://acs.amazonaws.com/groups/s3/LogDelivery")], 0),
        ([grant(URI="http://acs.amazonaws.com/groups/global/AllUsers")], 1),
        ([grant(ID="me"), grant(URI=".../AuthenticatedUsers"), grant(ID="you")], 2),
        ([grant(EmailAddress="you@example.com")], 1),
        (None, 0),
        ("odd", 0),
    ],
)
def test_an_acl_opens_a_bucket_to_all_but_its_owner(given_: Any, openings: int) -> None:
    assert len(acl_openings({"Owner": {"ID": "me"}, "Grants": given_})) == openings


@pytest.mark.parametrize(
    ("change", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}, "Action": "s3:ListBucket"}, True),
        ({"Principal": {"AWS": OTHER}}, False),
        ({"Principal": {"Service": "x.amazonaws.com"}}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}, False),
        ({"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"StringEquals": {"aws:userid": "${aws:username}"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1"]}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["2000::/31"]}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "odd"}}}, True),
        ({"Condition": {"StringLike": {"aws:Referer": "x"}}}, True),
    ],
)
def test_public_is_what_s3_calls_public(change: dict[str, Any], public: bool) -> None:
    assert is_public(policy(READ | change)) is public


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Principal": {"AWS": ["*"]}},
        {"Action": ["*"]},
        {"Resource": "*"},
        {"Resource": [f"{BUCKET}*"]},
        {"Condition": {"Bool": {"aws:SecureTransport": [False]}}},
        {"Condition": {"BoolIfExists": {"AWS:securetransport": "False"}}},
    ],
)
def test_plain_http_may_be_refused_in_many_words(change: dict[str, Any]) -> None:
    assert refuses_plain_http(policy(READ, HTTP | change), BUCKET)


def test_bucket_and_objects_may_be_closed_by_one_statement_each() -> None:
    bucket, objects = HTTP | {"Resource": BUCKET}, HTTP | {"Resource": OBJECTS}
    assert refuses_plain_http(policy(bucket, objects), BUCKET)
    assert not refuses_plain_http(policy(bucket), BUCKET)
    assert not refuses_plain_http(policy(objects), BUCKET)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": ROLE}},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Action": "s3:GetObject"},
        {"Action": ["s3:Get*", "s3:Put*", "s3:Delete*", "s3:List*"]},
        {"Resource": [BUCKET, f"{BUCKET}/in/*"]},
        {"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]},
        {"Condition": {}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "no"}}},
        {"Condition": {"StringEquals": {"aws:SecureTransport": "false"}}},
        {"Condition": {"StringNotEquals": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Null": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}
            }
        },
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": "false"},
                "StringNotEquals": {"aws:PrincipalArn": ROLE},
            }
        },
    ],
)
def test_whatever_lets_some_plain_http_through_or_https_not_is_no_refusal(
    change: dict[str, Any],
) -> None:
    assert not refuses_plain_http(policy(HTTP | change), BUCKET)


@pytest.mark.parametrize("name", ["Principal", "Action", "Resource"])
def test_exceptions_are_no_refusal_of_everything(name: str) -> None:
    excepting = {k: v for k, v in HTTP.items() if k != name}
    assert not refuses_plain_http(policy(excepting | {f"Not{name}": "x"}), BUCKET)
    assert not refuses_plain_http(policy(excepting), BUCKET)


@given(HOSTILE)
def test_no_json_makes_a_judgement_of_buckets_raise(hostile: Any) -> None:
    for document in (hostile, policy(hostile), policy({"Effect": "Allow", "Principal": hostile})):
        refuses_plain_http(document, BUCKET)
        anyone_may_read(document, BUCKET)
        others_beyond_reading(document, ACCOUNT)
        policy_openings(document, ACCOUNT)
        is_public(document)
        acl_openings(document)
        acl_openings({"Owner": hostile, "Grants": [hostile, {"Grantee": hostile}]})
