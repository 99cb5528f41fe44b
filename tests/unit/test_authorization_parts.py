"""Roles, users, functions and keys: who may do what with the parts of a lab."""

import time
from typing import Any

import pytest
from hypothesis import given

from labproof.analysis.policies import (
    beyond,
    events_may_invoke,
    holder,
    is_administrator,
    is_unclear,
    key_policy_problems,
    may_decrypt,
    may_put_items,
    may_read_every_object,
    may_write_every_object,
    may_write_logs,
    open_invocations,
    other_decrypters,
    rights_of_users,
    s3_may_invoke,
    s3_may_use,
    trusts_only_lambda,
)
from labproof.analysis.policies.keys import whole_key_grants

from .test_authorization import HOSTILE

ACCOUNT, OTHER = "111122223333", "999988887777"
ROLE, ROOT = f"arn:aws:iam::{ACCOUNT}:role/r", f"arn:aws:iam::{ACCOUNT}:root"
BUCKET, TARGET = "arn:aws:s3:::bucket", "arn:aws:s3:::target"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/T"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/x"
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def role(*statements: Any, boundary: Any = None) -> dict[str, Any]:
    reading = {"arn": ROLE, "inline": {"own": policy(*statements)}, "attached": []}
    return holder(reading, boundary)


@pytest.mark.parametrize(
    ("resource", "reads"),
    [
        ("*", True),
        (f"{BUCKET}/*", True),
        ([BUCKET, f"{BUCKET}/*"], True),
        ("arn:aws:s3:::*", True),
        (f"{BUCKET}/uploads/*", False),
        (BUCKET, False),
        (f"{TARGET}/*", False),
    ],
)
def test_a_role_reads_and_writes_every_object_or_not(resource: Any, reads: bool) -> None:
    assert may_read_every_object(role(allow("s3:Get*", resource)), BUCKET) is reads
    assert may_write_every_object(role(allow("s3:PutObject", resource)), BUCKET) is reads
    assert not may_write_every_object(role(allow("s3:Get*", resource)), BUCKET)


def test_the_buckets_policy_gives_and_takes_rights_too() -> None:
    public = policy(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))
    assert may_read_every_object(role(), BUCKET, public)
    assert not may_write_every_object(role(), BUCKET, public)
    part = allow("s3:*", f"{BUCKET}/secret/*", Principal="*") | {"Effect": "Deny"}
    assert not may_read_every_object(role(allow("s3:*")), BUCKET, policy(part))


def test_all_a_roles_policies_and_its_boundary_count() -> None:
    reading = {
        "arn": ROLE,
        "inline": {"a": policy(allow("s3:PutObject"))},
        "attached": [{"name": "b", "document": policy(allow("s3:GetObject"))}],
        "boundary": None,
    }
    assert may_read_every_object(holder(reading), BUCKET)
    assert may_write_every_object(holder(reading), BUCKET)
    limit = policy(allow("s3:GetObject"))
    assert may_read_every_object(holder(reading, limit), BUCKET)
    assert not may_write_every_object(holder(reading, limit), BUCKET)


@pytest.mark.parametrize(
    "change",
    [
        {"inline": {"error": {"code": "AccessDenied"}}},
        {"attached": {"error": {"code": "AccessDenied"}}},
        {"attached": [{"document": {"error": {"code": "AccessDenied"}}}]},
        {"boundary": "arn:aws:iam::aws:policy/PowerUserAccess"},
    ],
)
def test_what_could_not_be_read_of_a_role_is_unclear(change: dict[str, Any]) -> None:
    reading = {"arn": ROLE, "inline": {"a": policy(allow("*"))}, "attached": []}
    assert not is_unclear(holder(reading))
    assert is_unclear(holder(reading | change))
    assert not may_read_every_object(holder(reading | change), BUCKET)


@pytest.mark.parametrize(
    ("action", "resource", "puts"),
    [
        ("dynamodb:PutItem", TABLE, True),
        ("dynamodb:BatchWriteItem", TABLE, True),
        ("dynamodb:*", "arn:aws:dynamodb:*:*:table/*", True),
        ("dynamodb:GetItem", TABLE, False),
        ("dynamodb:PutItem", f"{TABLE}/index/*", False),
        ("dynamodb:PutItem", f"{TABLE}2", False),
    ],
)
def test_a_role_puts_items_into_the_table_or_not(action: str, resource: str, puts: bool) -> None:
    assert may_put_items(role(allow(action, resource)), TABLE) is puts


@pytest.mark.parametrize(
    ("resource", "writes"),
    [
        ("*", True),
        ("arn:aws:logs:*:*:*", True),
        (f"arn:aws:logs:us-east-1:{ACCOUNT}:*", True),
        (f"{GROUP}:*", True),
        ([GROUP, f"{GROUP}:log-stream:*"], True),
        (f"arn:aws:logs:*:{ACCOUNT}:log-group:/aws/lambda/*", True),
        (GROUP, False),
        (f"{GROUP}2:*", False),
        (f"arn:aws:logs:eu-west-1:{ACCOUNT}:*", False),
    ],
)
def test_a_role_writes_its_functions_logs_or_not(resource: Any, writes: bool) -> None:
    assert may_write_logs(role(allow(LOGS, resource)), GROUP) is writes


@pytest.mark.parametrize("missing", LOGS)
def test_logs_need_all_three_actions(missing: str) -> None:
    assert not may_write_logs(role(allow([a for a in LOGS if a != missing])), GROUP)


ALLOWED = [
    (LOGS, ["*"]),
    (["s3:GetObject", "s3:GetObjectVersion"], [f"{BUCKET}/*"]),
    (["s3:PutObject", "s3:GetObject"], [f"{TARGET}/*"]),
    (["s3:ListBucket"], [BUCKET, TARGET]),
    (["dynamodb:PutItem"], [TABLE]),
]


@pytest.mark.parametrize(
    "statement",
    [
        allow(LOGS, "*"),
        allow(LOGS, "arn:aws:logs:*:*:*"),
        allow(LOGS, [f"{GROUP}:*", GROUP]),
        allow("S3:getobject", f"{BUCKET}/*"),
        allow("s3:GetObject", f"{BUCKET}/uploads/*"),
        allow("s3:GetObject", [f"{BUCKET}/*", f"{TARGET}/*"]),
        allow(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"]),
        allow("s3:GetObject", "arn:*:s3:::bucket/*"),
        allow("dynamodb:PutItem", [TABLE, f"{TABLE}/index/*"]),
        allow("s3:GetObject", f"{BUCKET}/*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        allow("*") | {"Effect": "Deny"},
        allow([]),
    ],
)
def test_what_the_lab_needs_is_not_beyond_it(statement: dict[str, Any]) -> None:
    assert beyond([policy(statement)], ALLOWED) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow("*"), ["* is a wildcard action"]),
        (allow("s3:*", f"{BUCKET}/*"), ["s3:* is a wildcard action"]),
        (allow("s3:Get*", f"{BUCKET}/*"), ["s3:Get* is a wildcard action"]),
        (allow("s3:GetObjec?", f"{BUCKET}/*"), ["s3:GetObjec? is a wildcard action"]),
        (allow("s3:DeleteObject", f"{BUCKET}/*"), ["s3:DeleteObject on", "does not need"]),
        (allow("s3:GetObject"), ["s3:GetObject on * is wider"]),
        (allow("s3:GetObject", "arn:aws:s3:::*/*"), ["wider"]),
        (allow("s3:GetObject", f"{BUCKET}*"), ["wider"]),
        (allow("s3:GetObject", "arn:aws:s3:::other/*"), ["wider"]),
        (allow("s3:PutObject", [f"{BUCKET}/*", f"{TARGET}/*"]), [f"on {BUCKET}/* is wider"]),
        (allow("s3:ListBucket", "arn:aws:s3:::*"), ["wider"]),
        (allow("dynamodb:PutItem", f"{TABLE}*"), ["wider"]),
        (allow("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/T"), ["wider"]),
        (allow("dynamodb:BatchWriteItem", TABLE), ["does not need"]),
        (allow("kms:Decrypt", KEY), ["does not need"]),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, ["NotAction allows"]),
        (
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "x"},
            ["NotResource allows all resources but x"],
        ),
    ],
)
def test_whatever_is_wider_than_the_lab_needs_is_told(
    statement: dict[str, Any], found: list[str]
) -> None:
    problems = beyond([policy(allow(LOGS)), policy(statement)], ALLOWED)
    assert len(problems) == 1
    assert all(part in problems[0] for part in found)


def test_a_wide_grant_stays_wide_where_a_deny_cuts_it() -> None:
    cut = {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"}
    assert len(beyond([policy(allow("s3:*", f"{BUCKET}/*"), cut)], ALLOWED)) == 1


S3 = {"Service": "s3.amazonaws.com"}
EVENTS = {"Service": "events.amazonaws.com"}


def invoking(principal: Any = S3, **condition: Any) -> dict[str, Any]:
    return allow("lambda:InvokeFunction", FUNCTION, Principal=principal, Condition=condition)


BY_ACCOUNT = {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}
LIMITED = invoking(**BY_ACCOUNT, ArnLike={"AWS:SourceArn": BUCKET})
BY_RULE = invoking(EVENTS, ArnLike={"AWS:SourceArn": RULE})


@pytest.mark.parametrize(
    "statement",
    [
        LIMITED,
        invoking(StringEquals={"aws:SourceAccount": [ACCOUNT], "aws:SourceArn": BUCKET}),
        invoking(**BY_ACCOUNT, ArnEquals={"aws:sourcearn": [BUCKET]}),
        LIMITED | {"Action": "lambda:*"},
    ],
)
def test_s3_may_invoke_the_function_for_the_bucket_of_the_account(
    statement: dict[str, Any],
) -> None:
    assert s3_may_invoke(policy(statement), FUNCTION, BUCKET, ACCOUNT)
    assert not s3_may_invoke(policy(statement), f"{FUNCTION}:live", BUCKET, ACCOUNT)
    assert not s3_may_invoke(policy(statement), FUNCTION, TARGET, ACCOUNT)
    assert not s3_may_invoke(policy(statement), FUNCTION, BUCKET, OTHER)
    assert open_invocations(policy(statement), [BUCKET], ACCOUNT) == []


def test_an_aliass_own_statement_lets_its_alias_be_invoked() -> None:
    statement = LIMITED | {"Resource": f"{FUNCTION}:live"}
    assert s3_may_invoke(policy(statement), f"{FUNCTION}:live", BUCKET, ACCOUNT)
    assert not s3_may_invoke(policy(statement), FUNCTION, BUCKET, ACCOUNT)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (invoking(), "for other buckets too"),
        (invoking(**BY_ACCOUNT), "for other buckets too"),
        (invoking(ArnLike={"aws:SourceArn": BUCKET}), "for other accounts too"),
        (invoking(**BY_ACCOUNT, ArnLike={"aws:SourceArn": f"{BUCKET}*"}), "for other buckets"),
        (invoking(**BY_ACCOUNT, ArnLike={"aws:SourceArn": [BUCKET, TARGET]}), "other buckets"),
        (invoking(**BY_ACCOUNT, ArnNotLike={"aws:SourceArn": TARGET}), "for other buckets"),
        (invoking(**BY_ACCOUNT, ArnLikeIfExists={"aws:SourceArn": BUCKET}), "other buckets"),
        (invoking("*", **LIMITED["Condition"]), "does not need it"),
        (invoking({"AWS": ACCOUNT}), "does not need it"),
        (invoking({"AWS": f"arn:aws:iam::{OTHER}:root"}), "does not need it"),
        (invoking("*") | {"Action": "lambda:InvokeFunctionUrl"}, "does not need it"),
        (BY_RULE, "does not need it"),
    ],
)
def test_whoever_is_less_limited_is_told(statement: dict[str, Any], problem: str) -> None:
    (found,) = open_invocations(policy(LIMITED, statement), [BUCKET], ACCOUNT)
    assert problem in found


def test_eventbridge_may_invoke_the_function_for_the_labs_rule_alone() -> None:
    assert events_may_invoke(policy(BY_RULE), FUNCTION, RULE, ACCOUNT)
    assert not events_may_invoke(policy(BY_RULE), FUNCTION, RULE + "2", ACCOUNT)
    assert open_invocations(policy(BY_RULE), [BUCKET], ACCOUNT, {RULE}) == []
    for wide in (invoking(EVENTS), invoking(EVENTS, ArnLike={"aws:SourceArn": RULE + "*"})):
        assert len(open_invocations(policy(wide), [BUCKET], ACCOUNT, {RULE})) == 1


def test_what_invokes_nothing_is_not_told() -> None:
    reading = invoking("*") | {"Action": "lambda:GetFunction"}
    assert open_invocations(policy(reading, invoking("*") | {"Effect": "Deny"}), BUCKET, "1") == []


DEFAULT = allow("kms:*", Principal={"AWS": ROOT})
FOR_ROLE = allow("kms:Decrypt", Principal={"AWS": ROLE})
FOR_S3 = allow(["kms:Decrypt", "kms:GenerateDataKey"], Principal=S3)
THROUGH_S3 = allow(
    ["kms:Decrypt", "kms:GenerateDataKey*"],
    Principal={"AWS": "*"},
    Condition={
        "StringEquals": {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
        }
    },
)
DECRYPTER = role(allow("kms:Decrypt", KEY))
OF_ROLE = {"ArnEquals": {"aws:PrincipalArn": ROLE}}


@pytest.mark.parametrize(
    ("statements", "who"),
    [
        ([DEFAULT], DECRYPTER),
        ([FOR_S3, FOR_ROLE], role()),
        ([THROUGH_S3, FOR_ROLE], role()),
        ([THROUGH_S3], role()),
        ([DEFAULT, FOR_ROLE | {"Principal": {"AWS": ROOT}, "Condition": OF_ROLE}], DECRYPTER),
        ([DEFAULT, FOR_ROLE | {"Principal": "*", "Condition": OF_ROLE}], role()),
        ([DEFAULT, FOR_ROLE | {"Principal": {"AWS": "AROAABCDEFGHIJKLMNOPQ"}}], DECRYPTER),
        (
            [DEFAULT, allow("kms:GenerateDataKey*", Principal={"Service": "x.amazonaws.com"})],
            DECRYPTER,
        ),
        ([DEFAULT, allow(["kms:Put*", "kms:Describe*"], Principal={"AWS": OTHER})], DECRYPTER),
    ],
)
def test_a_key_may_serve_s3_and_the_role_in_many_ways(
    statements: list[dict[str, Any]], who: dict[str, Any]
) -> None:
    assert key_policy_problems(policy(*statements), KEY, BUCKET, ACCOUNT, who) == []


@pytest.mark.parametrize(
    ("statements", "who", "problem"),
    [
        ([FOR_ROLE], role(), "does not let S3 use"),
        ([DEFAULT], role(), "The role may not decrypt"),
        ([DEFAULT, FOR_S3], role(allow("kms:Decrypt", f"{KEY}2")), "The role may not decrypt"),
        ([DEFAULT, FOR_ROLE | {"Effect": "Deny"}], DECRYPTER, "The role may not decrypt"),
        ([DEFAULT, FOR_ROLE | {"Principal": {"AWS": OTHER}}], DECRYPTER, f"lets {OTHER} decrypt"),
        ([DEFAULT, FOR_ROLE | {"Principal": {"AWS": ROLE + "2"}}], DECRYPTER, "role/r2 decrypt"),
        ([DEFAULT, FOR_ROLE | {"Principal": "*"}], DECRYPTER, "lets everyone decrypt"),
        (
            [DEFAULT, FOR_ROLE | {"Principal": S3}, FOR_S3 | {"Principal": EVENTS}],
            DECRYPTER,
            "events",
        ),
        ([DEFAULT, allow("kms:*", Principal={"AWS": ROLE})], role(), "every right"),
    ],
)
def test_a_key_that_serves_too_few_or_too_many_is_told(
    statements: list[dict[str, Any]], who: dict[str, Any], problem: str
) -> None:
    (found,) = key_policy_problems(policy(*statements), KEY, BUCKET, ACCOUNT, who)
    assert problem in found


def test_everyone_through_s3_must_be_of_the_account() -> None:
    test = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    assert len(other_decrypters(policy(THROUGH_S3 | {"Condition": test}), ACCOUNT, ROLE)) == 1
    test = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    assert len(other_decrypters(policy(THROUGH_S3 | {"Condition": test}), ACCOUNT, ROLE)) == 1
    assert s3_may_use(policy(THROUGH_S3), KEY, BUCKET, ACCOUNT)
    assert not s3_may_use(policy(THROUGH_S3), KEY, BUCKET, OTHER)


@pytest.mark.parametrize(
    ("arn", "decrypts"),
    [(f"{BUCKET}/*", True), (BUCKET, True), (f"{BUCKET}*", True), (TARGET, False)],
)
def test_decrypting_may_be_limited_to_s3_and_the_bucket(arn: str, decrypts: bool) -> None:
    test = {
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": arn},
    }
    who = role(allow("kms:Decrypt", KEY, Condition=test))
    assert may_decrypt(who, KEY, policy(DEFAULT), BUCKET) is decrypts


def test_a_session_of_the_role_may_decrypt_and_to_reencrypt_is_to_decrypt() -> None:
    session = {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/f"}
    assert other_decrypters(policy(FOR_ROLE | {"Principal": session}), ACCOUNT, ROLE) == []
    assert len(other_decrypters(policy(FOR_ROLE | {"Principal": session}), ACCOUNT, "x")) == 1
    moving = allow("kms:ReEncryptFrom", Principal={"AWS": OTHER})
    assert len(other_decrypters(policy(moving), ACCOUNT, ROLE)) == 1


def test_whole_rights_are_the_accounts_alone() -> None:
    named = [{"AWS": ROOT}, {"AWS": ACCOUNT}, {"AWS": ROLE}, "*", S3]
    found = [len(whole_key_grants(policy(allow("kms:*", Principal=p)), ACCOUNT)) for p in named]
    assert found == [0, 0, 1, 1, 1]


PARTS = {
    "bucket": {"arn": BUCKET, "policy": None},
    "table": {"arn": TABLE, "policy": None},
    "key": {"arn": KEY, "policy": policy(DEFAULT)},
}


def user(*statements: Any, **more: Any) -> dict[str, Any]:
    reading = {"arn": f"arn:aws:iam::{ACCOUNT}:user/ada", "inline": {}, "attached": [], **more}
    return holder(reading | {"groups": [{"inline": {"g": policy(*statements)}, "attached": []}]})


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize(
    ("who", "rights"),
    [
        (user(), []),
        (user(allow(["s3:ListAllMyBuckets", "iam:GetUser", "s3:GetBucketLocation"])), []),
        (user(allow("s3:*", "arn:aws:s3:::other/*")), []),
        (user(allow("s3:GetObject", f"{BUCKET}/a")), [f"s3:GetObject on {BUCKET}/*"]),
        (user(allow("s3:List*")), [f"s3:ListBucket on {BUCKET}"]),
        (user(allow("dynamodb:PutItem", Condition=MFA)), [f"dynamodb:PutItem on {TABLE}"]),
        (user(allow("kms:Decrypt")), [f"kms:Decrypt on {KEY}"]),
        (user(allow("s3:*"), allow("s3:*") | {"Effect": "Deny"}), []),
        (user(allow("s3:*"), boundary=policy(allow("ec2:*"))), []),
        (user(allow("*")), []),
        (user(allow("*", Condition=MFA), allow("s3:*") | {"Effect": "Deny"}), []),
        (user(allow("iam:*")), []),
        (user(allow("iam:CreateUser"), allow("kms:Encrypt")), [f"kms:Encrypt on {KEY}"]),
    ],
)
def test_users_with_rights_on_the_lab_are_told_but_administrators(
    who: dict[str, Any], rights: list[str]
) -> None:
    assert rights_of_users({"ada": who}, PARTS) == ({"ada": rights} if rights else {})


def test_a_bucket_policy_may_give_a_user_rights() -> None:
    gives = policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": user()["arn"]}))
    parts = {"bucket": {"arn": BUCKET, "policy": gives}}
    assert rights_of_users({"ada": user()}, parts) == {"ada": [f"s3:GetObject on {BUCKET}/*"]}


def test_a_boundary_without_iam_makes_no_administrator() -> None:
    assert is_administrator(user(allow("*")))
    assert not is_administrator(user(allow("*"), boundary=policy(allow("s3:*"))))


LAMBDA = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
OTHERS = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}


@pytest.mark.parametrize(
    ("statements", "alone"),
    [
        ([LAMBDA], True),
        ([LAMBDA | {"Action": ["sts:*"]}], True),
        ([LAMBDA | {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}], True),
        ([LAMBDA, LAMBDA | {"Effect": "Deny", "Condition": OTHERS}], True),
        ([LAMBDA, LAMBDA | {"Principal": {"AWS": ROOT}, "Action": "sts:TagSession"}], True),
        ([], False),
        ([LAMBDA, LAMBDA | {"Effect": "Deny"}], False),
        ([LAMBDA | {"Principal": {"Service": ["lambda.amazonaws.com", "x"]}}], False),
        ([LAMBDA, LAMBDA | {"Principal": {"AWS": ROOT}}], False),
        ([LAMBDA | {"Principal": "*"}], False),
        ([LAMBDA | {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}], False),
    ],
)
def test_lambda_and_only_it_is_trusted(statements: list[dict[str, Any]], alone: bool) -> None:
    assert trusts_only_lambda(policy(*statements)) is alone


@given(HOSTILE)
def test_no_json_makes_a_judgement_of_parts_raise(hostile: Any) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Principal": hostile, "Condition": hostile}
    for document in (hostile, policy(hostile), policy(statement)):
        who = holder({"arn": ROLE, "inline": {"a": document}, "attached": hostile})
        beyond([document], ALLOWED)
        trusts_only_lambda(document)
        s3_may_invoke(document, FUNCTION, BUCKET, ACCOUNT)
        open_invocations(document, [BUCKET], ACCOUNT, {RULE})
        key_policy_problems(document, KEY, BUCKET, ACCOUNT, who)
        rights_of_users({"ada": who}, {"key": {"arn": KEY, "policy": document}})
        may_write_logs(who, GROUP)


def test_all_judgements_of_a_lab_take_a_few_milliseconds() -> None:
    who = role(allow(LOGS), allow("s3:GetObject", f"{BUCKET}/*"), allow("kms:Decrypt", KEY))
    start = time.process_time()
    for _ in range(10):
        assert may_read_every_object(who, BUCKET, policy(THROUGH_S3))
        assert may_write_logs(who, GROUP)
        assert not key_policy_problems(policy(DEFAULT), KEY, BUCKET, ACCOUNT, who)
        assert not open_invocations(policy(LIMITED), [BUCKET], ACCOUNT)
        assert not rights_of_users({str(n): user(allow("ec2:*")) for n in range(5)}, PARTS)
    assert (time.process_time() - start) / 10 < 0.03
