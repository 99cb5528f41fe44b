"""Requests decided from all policies together, as AWS documents its evaluation logic."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.analysis.policies import Request, could, decide, every_object, may
from labproof.analysis.policies.conditions import is_limited_to, is_met
from labproof.analysis.policies.patterns import includes, overlaps

ACCOUNT, OTHER = "111122223333", "999988887777"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
USER = f"arn:aws:iam::{ACCOUNT}:user/ada"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BUCKET = "arn:aws:s3:::bucket"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
DENY = READ | {"Effect": "Deny"}
PUBLIC = READ | {"Principal": "*"}
REQUEST = Request(ROLE, "s3:GetObject", every_object(BUCKET))


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def without(statement: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != name}


def own(*statements: Any) -> bool | None:
    return decide(REQUEST, [policy(*statements)])


def condition(**blocks: Any) -> dict[str, Any]:
    return READ | {"Condition": blocks}


@pytest.mark.parametrize(
    ("pattern", "scope", "whole", "part"),
    [
        ("*", f"{BUCKET}/?*", True, True),
        (f"{BUCKET}/*", f"{BUCKET}/?*", True, True),
        (f"{BUCKET}/*?", f"{BUCKET}/?*", True, True),
        (f"{BUCKET}*", f"{BUCKET}/?*", True, True),
        ("arn:aws:s3:::b?cket/*", f"{BUCKET}/?*", True, True),
        (f"{BUCKET}/??*", f"{BUCKET}/?*", False, True),
        (f"{BUCKET}/?", f"{BUCKET}/?*", False, True),
        (f"{BUCKET}/up/*", f"{BUCKET}/?*", False, True),
        (f"{BUCKET}/*.zip", f"{BUCKET}/?*", False, True),
        (f"{BUCKET}/a", f"{BUCKET}/?*", False, True),
        ("arn:aws:s3:::*/secret", f"{BUCKET}/?*", False, True),
        (BUCKET, f"{BUCKET}/?*", False, False),
        (f"{BUCKET}/", f"{BUCKET}/?*", False, False),
        ("arn:aws:s3:::other/*", f"{BUCKET}/?*", False, False),
        ("arn:aws:s3:::BUCKET/*", f"{BUCKET}/?*", False, False),
        ("s3:g*", "s3:?*", False, True),
        ("^*", "^abc", True, True),
        ("a\\*b", "a\\xb", True, True),
        ("*ab*ab", "abab", True, True),
        ("*a*ab", "aab", True, True),
        ("a*a", "a", False, False),
        ("?", "\n", True, True),
    ],
)
def test_a_pattern_takes_in_a_scope_wholly_in_part_or_not(
    pattern: str, scope: str, whole: bool, part: bool
) -> None:
    assert (includes(pattern, scope), overlaps(pattern, scope)) == (whole, part)


PATTERNS = st.text("ab*?", max_size=6)


def spelled(pattern: str) -> set[str]:
    """All texts of up to three letters that a pattern takes in, compared letter by letter."""

    def fits(one: str, text: str) -> bool:
        if not one:
            return not text
        if one[0] == "*":
            return fits(one[1:], text) or (bool(text) and fits(one, text[1:]))
        return bool(text) and one[0] in ("?", text[0]) and fits(one[1:], text[1:])

    letters = ["", "a", "b"]
    return {t for a in letters for b in letters for c in letters if fits(pattern, t := a + b + c)}


@given(PATTERNS, PATTERNS)
def test_patterns_are_compared_as_the_texts_they_take_in(one: str, other: str) -> None:
    if includes(one, other):
        assert spelled(other) <= spelled(one)
    if not overlaps(one, other):
        assert not spelled(one) & spelled(other)


@given(PATTERNS, st.text("ab", max_size=3))
def test_a_text_is_taken_in_exactly_where_its_letters_fit(pattern: str, text: str) -> None:
    assert includes(pattern, text) is (text in spelled(pattern))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Action": ["s3:PutObject", "S3:getobject"]},
        {"Action": "s3:Get*"},
        {"Action": "*", "Resource": "*"},
        {"Resource": [BUCKET, f"{BUCKET}/*"]},
        {"Condition": {}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}}},
        {"Condition": {"StringEquals": {"aws:PrincipalAccount": [OTHER, ACCOUNT]}}},
        {"Condition": {"StringEquals": {"AWS:ResourceAccount": ACCOUNT}}},
        {"Condition": {"StringNotEquals": {"aws:SourceAccount": OTHER}}},
        {"Condition": {"StringEqualsIfExists": {"aws:SourceArn": "x"}}},
        {"Condition": {"Null": {"aws:SourceArn": "true"}}},
    ],
)
def test_a_role_may_what_its_own_policy_says(change: dict[str, Any]) -> None:
    assert own(READ | change) is True


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "allow"},
        {"Action": "s3:PutObject"},
        {"Action": []},
        {"Resource": BUCKET},
        {"Condition": {"Bool": {"aws:SecureTransport": False}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}},
        {"Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE + "2"}}},
        {"Condition": {"Null": {"aws:PrincipalArn": True}}},
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": "true"},
                "StringLike": {"aws:PrincipalArn": "x*"},
            }
        },
    ],
)
def test_a_role_may_nothing_its_policy_does_not_say(change: dict[str, Any]) -> None:
    assert own(READ | change) is False


@pytest.mark.parametrize(
    "change",
    [
        {"Resource": f"{BUCKET}/uploads/*"},
        {"Action": "s3:GetObject", "Resource": f"{BUCKET}/*.json"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}},
        {"Condition": {"StringEquals": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Strange": {"aws:PrincipalArn": ROLE}}},
        {"Condition": "odd"},
        {"Resource": f"{BUCKET}/${{aws:userid}}/*"},
    ],
)
def test_what_holds_in_part_or_cannot_be_known_is_no_sure_right_and_no_sure_refusal(
    change: dict[str, Any],
) -> None:
    assert own(READ | change) is None
    assert own(READ, DENY | change) is None
    assert not may(REQUEST, [policy(READ | change)])
    assert could(REQUEST, [policy(READ | change)])


def test_all_but_some_actions_and_resources_are_taken_in() -> None:
    but = without(READ, "Action") | {"NotAction": "iam:*"}
    assert own(but) is True
    assert own(but | {"NotAction": "s3:*"}) is False
    but = without(READ, "Resource") | {"NotResource": "arn:aws:s3:::other/*"}
    assert own(but) is True
    assert own(but | {"NotResource": f"{BUCKET}/secret/*"}) is None
    assert own(but | {"NotResource": f"{BUCKET}/*"}) is False


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Action": "*", "Resource": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalArn": ROLE + "2"}}},
    ],
)
def test_a_deny_anywhere_wins(change: dict[str, Any]) -> None:
    deny, allow = policy(DENY | change), policy(READ)
    denying = policy(DENY | change | {"Principal": {"AWS": ROOT}})
    assert decide(REQUEST, [allow, deny]) is False
    assert decide(REQUEST, [allow], denying) is False
    assert decide(REQUEST, [allow], None, policy(READ, DENY | change)) is False


@pytest.mark.parametrize(
    "change",
    [
        {"Action": "s3:PutObject"},
        {"Resource": "arn:aws:s3:::other/*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"BoolIfExists": {"aws:ViaAWSService": "true"}}},
        {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}},
        {"Condition": {"ForAnyValue:StringEquals": {"aws:CalledVia": "x"}}},
    ],
)
def test_a_deny_of_something_else_takes_nothing_away(change: dict[str, Any]) -> None:
    assert own(READ, DENY | change) is True


@pytest.mark.parametrize(
    ("principal", "role", "user", "anonymous"),
    [
        ("*", True, True, True),
        ({"AWS": "*"}, True, True, True),
        ({"AWS": [ROLE]}, True, False, False),
        ({"AWS": SESSION}, False, False, False),
        ({"AWS": USER}, False, True, False),
        ({"AWS": ROOT}, False, False, False),
        ({"AWS": ACCOUNT}, False, False, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, False, False, False),
        ({"Service": "lambda.amazonaws.com"}, False, False, False),
        ({"Federated": "accounts.google.com"}, False, False, False),
        ({"AWS": 7}, False, False, False),
    ],
)
def test_a_bucket_policy_gives_rights_to_whom_it_names_in_its_account(
    principal: Any, role: bool, user: bool, anonymous: bool
) -> None:
    gives = policy(READ | {"Principal": principal})
    for caller, expected in ((ROLE, role), (USER, user), ("", anonymous)):
        request = Request(caller, "s3:GetObject", f"{BUCKET}/a")
        assert decide(request, resource=gives) is expected
    assert decide(Request(SESSION, "s3:GetObject", f"{BUCKET}/a"), resource=gives) is (
        role or principal == {"AWS": SESSION}
    )


def test_from_another_account_both_sides_must_allow() -> None:
    request = Request(ROLE, "s3:GetObject", f"{BUCKET}/a", owner=OTHER)
    for principal in ({"AWS": ROOT}, {"AWS": ROLE}, "*"):
        gives = policy(READ | {"Principal": principal})
        assert decide(request, [policy(READ)], gives) is True
        assert decide(request, [], gives) is False
    assert decide(request, [policy(READ)]) is False


def test_a_boundary_limits_own_policies_and_what_the_roles_arn_is_given() -> None:
    wide, other = policy(READ | {"Action": "*", "Resource": "*"}), policy(READ | {"Action": "a:b"})
    to_role, to_all = policy(READ | {"Principal": {"AWS": ROLE}}), policy(PUBLIC)
    assert decide(REQUEST, [policy(READ)], boundary=wide) is True
    assert decide(REQUEST, [policy(READ)], boundary=other) is False
    assert decide(REQUEST, [], boundary=wide) is False
    assert decide(REQUEST, [], to_role, other) is False
    assert decide(REQUEST, [], to_all, other) is True
    user = Request(USER, "s3:GetObject", f"{BUCKET}/a")
    assert decide(user, [], policy(READ | {"Principal": {"AWS": USER}}), other) is True
    session = Request(SESSION, "s3:GetObject", f"{BUCKET}/a")
    assert decide(session, [], policy(READ | {"Principal": {"AWS": SESSION}}), other) is True


@pytest.mark.parametrize(
    ("spared", "answer"),
    [
        ([ROLE, ROOT], True),
        ([ROLE, ACCOUNT], True),
        ([ROLE], None),
        ([ROOT], False),
        ([USER], False),
        ([], False),
    ],
)
def test_not_principal_spares_whom_it_names_along_with_the_account(
    spared: list[str], answer: bool | None
) -> None:
    deny = policy(DENY | {"NotPrincipal": {"AWS": spared}})
    assert decide(REQUEST, [policy(READ)], deny) is answer
    bounded = policy(READ)
    assert decide(REQUEST, [policy(READ)], deny, bounded) is False


FULL = policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
DECRYPT = Request(ROLE, "kms:Decrypt", KEY)


@pytest.mark.parametrize(
    ("principal", "alone", "with_own"),
    [
        ({"AWS": ROOT}, False, True),
        ({"AWS": ACCOUNT}, False, True),
        ({"AWS": ROLE}, True, True),
        ({"AWS": USER}, False, False),
        ("*", True, True),
    ],
)
def test_a_key_serves_whom_its_policy_names_or_leaves_to_the_account(
    principal: Any, alone: bool, with_own: bool
) -> None:
    key = policy(FULL["Statement"][0] | {"Principal": principal})
    assert decide(DECRYPT, [], key) is alone
    assert decide(DECRYPT, [FULL], key) is with_own
    assert decide(DECRYPT, [FULL], None) is False


def test_a_boundary_and_an_alias_count_for_keys_too() -> None:
    delegated = policy(FULL["Statement"][0] | {"Principal": {"AWS": ROOT}})
    alias = FULL["Statement"][0] | {"Resource": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/a"}
    assert decide(DECRYPT, [FULL], delegated, policy(READ)) is False
    assert decide(DECRYPT, [policy(alias)], delegated) is False
    named = policy(FULL["Statement"][0] | {"Principal": {"AWS": ROLE}})
    assert decide(DECRYPT, [], named, policy(READ)) is False


@pytest.mark.parametrize(
    ("resource", "answer"),
    [
        ("${aws:username}/*", True),
        ("${aws:PrincipalAccount}/*", False),
        ("${aws:SourceArn}/*", False),
        ("${aws:SourceArn, 'ada'}/*", True),
        ("${aws:PrincipalTag/x}/*", None),
        ("ad${?}/*", False),
    ],
)
def test_policy_variables_are_filled_in(resource: str, answer: bool | None) -> None:
    statement = READ | {"Resource": f"{BUCKET}/{resource}"}
    request = Request(USER, "s3:GetObject", f"{BUCKET}/ada/x")
    assert decide(request, [policy(statement)]) is answer
    assert decide(request, [{"Version": "2008-10-17", "Statement": statement}]) is False


@pytest.mark.parametrize(
    ("operator", "value", "found", "met"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEqualsIgnoreCase", "A", "a", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "a?c*", "abcd", True),
        ("StringLike", "A*", "abcd", False),
        ("StringNotLike", "a*", "abcd", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("ArnLike", "arn:aws:s3:*:*:b*", "arn:aws:s3:::bucket", True),
        ("ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", True),
        ("ArnLike", "arn:*", "arn:aws:s3:::bucket", False),
        ("ArnNotLike", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringEquals", ["c"], ["a", "b"], False),
        ("ForAnyValue:StringEquals", ["c"], None, False),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("Bool", "True", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "false", None, False),
        ("BoolIfExists", "false", None, True),
        ("Null", "true", None, True),
        ("Null", False, "x", True),
        ("Null", "false", None, False),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", 10, "11", False),
        ("NumericGreaterThanEquals", "x", "11", False),
        ("IpAddress", "192.0.2.0/24", "192.0.2.1", None),
        ("Strange", "a", "a", None),
    ],
)
def test_a_condition_operator_means_what_aws_documents(
    operator: str, value: Any, found: Any, met: bool | None
) -> None:
    assert is_met({operator: {"X:Key": value}}, {"x:key": found}) is met
    assert is_met({operator: {"x:other": value}}, {"x:key": found}) is None


@pytest.mark.parametrize(
    ("operator", "values", "limited"),
    [
        ("StringEquals", "a", True),
        ("ArnLike", ["a"], True),
        ("ForAnyValue:StringLike", ["a", "b"], True),
        ("StringEquals", ["a", "c"], False),
        ("StringLike", "a*", False),
        ("StringEquals", [], False),
        ("StringEqualsIfExists", "a", False),
        ("ForAllValues:StringEquals", "a", False),
        ("StringNotEquals", "a", False),
    ],
)
def test_only_a_test_that_a_missing_key_fails_limits_it(
    operator: str, values: Any, limited: bool
) -> None:
    assert is_limited_to({operator: {"AWS:Key": values}}, "aws:key", {"a", "b"}) is limited


def test_a_policy_that_could_not_be_read_makes_everything_unknown() -> None:
    unread = {"error": {"code": "AccessDenied"}}
    assert decide(REQUEST, [unread]) is None
    assert decide(REQUEST, [policy(READ)], unread) is None
    assert decide(REQUEST, [policy(READ)], None, unread) is None
    assert decide(REQUEST, [unread, policy(DENY)]) is False


STATEMENTS = st.fixed_dictionaries(
    {
        "Action": st.sampled_from(["s3:GetObject", "s3:*", ["a:b", "s3:GetObject"], "a:b"]),
        "Resource": st.sampled_from(["*", f"{BUCKET}/*", f"{BUCKET}/a*", [BUCKET], "x"]),
        "Principal": st.sampled_from(["*", {"AWS": ROLE}, {"AWS": ROOT}, {"AWS": [USER, SESSION]}]),
    },
    optional={
        "Condition": st.sampled_from(
            [
                {"Bool": {"aws:SecureTransport": "false"}},
                {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
                {"IpAddress": {"aws:SourceIp": "192.0.2.1"}},
            ]
        )
    },
)
EFFECTS = st.sampled_from([{"Effect": "Allow"}, {"Effect": "Deny"}])
LISTS = st.lists(st.builds(lambda s, e: s | e, STATEMENTS, EFFECTS), max_size=4)
CALLERS = st.sampled_from([ROLE, USER, SESSION, "", "s3.amazonaws.com"])
ORDER = {False: 0, None: 1, True: 2}
PLACES = st.sampled_from(["own", "resource"])


def decided(caller: str, own: list[Any], given: list[Any]) -> int:
    request = Request(caller, "s3:GetObject", every_object(BUCKET), ACCOUNT)
    return ORDER[decide(request, [policy(*own)], policy(*given))]


@given(CALLERS, LISTS, LISTS, STATEMENTS, PLACES)
def test_an_allow_more_takes_nothing_away_and_a_deny_more_gives_nothing(
    caller: str, own: list[Any], given_: list[Any], more: dict[str, Any], place: str
) -> None:
    before = decided(caller, own, given_)

    def after(effect: str) -> int:
        added = [more | {"Effect": effect}]
        if place == "own":
            return decided(caller, own + added, given_)
        return decided(caller, own, given_ + added)

    assert after("Deny") <= before <= after("Allow")


@given(CALLERS, LISTS, LISTS)
def test_order_form_and_case_do_not_matter(caller: str, own: list[Any], given_: list[Any]) -> None:
    def rewritten(statement: dict[str, Any]) -> dict[str, Any]:
        actions = statement["Action"]
        listed = actions if isinstance(actions, list) else [actions]
        return statement | {"Action": [a.upper() for a in reversed(listed)]}

    again = [list(map(rewritten, reversed(part))) for part in (own, given_)]
    assert decided(caller, own, given_) == decided(caller, *again)


@given(CALLERS, LISTS, LISTS)
def test_a_boundary_never_gives_a_right(caller: str, own: list[Any], limit: list[Any]) -> None:
    request = Request(caller, "s3:GetObject", every_object(BUCKET), ACCOUNT)
    bounded = decide(request, [policy(*own)], None, policy(*limit))
    assert ORDER[bounded] <= ORDER[decide(request, [policy(*own)])]


ELEMENTS = (
    *("Statement", "Effect", "Principal", "AWS", "Action", "Resource", "Condition"),
    *("NotAction", "NotResource", "NotPrincipal", "Bool", "StringLike", "Version"),
)
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("s3:*?${}/,'", max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(ELEMENTS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(HOSTILE, CALLERS)
def test_no_json_makes_the_decision_raise(hostile: Any, caller: str) -> None:
    request = Request(caller, "s3:GetObject", f"{BUCKET}/a", ACCOUNT)
    statement = hostile if isinstance(hostile, dict) else {"Action": hostile}
    for effect in ("Allow", "Deny"):
        for document in (hostile, policy(hostile), policy(statement | {"Effect": effect})):
            assert decide(request, [document], document, document) in (True, False, None)


def test_huge_documents_are_decided_in_no_time() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    huge = [
        READ | {"Resource": "*a" * 50_000 + "b"},
        READ | {"Resource": ["?" * 100_000, "${" * 50_000, "${a}" * 20_000]},
        READ | {"Action": "s3:" + "*?" * 50_000, "Condition": {"StringLike": {"a": "*" * 99_999}}},
        READ | {"Principal": {"AWS": ["*a" * 9_999] * 99}, "Action": deep},
        READ | {"Condition": {"NumericEquals": {"aws:principalarn": 10**5000}}},
        *({**DENY, "Resource": f"{BUCKET}/{n}*" + "?a" * 500} for n in range(500)),
    ]
    start = time.process_time()
    assert decide(REQUEST, [policy(*huge, READ)], policy(*huge)) in (None, False)
    assert time.process_time() - start < 1


def test_policies_are_left_as_they_were() -> None:
    document = policy(PUBLIC, DENY)
    before = json.dumps(document)
    decide(REQUEST, [document], document, document)
    assert json.dumps(document) == before


@pytest.mark.parametrize(
    ("operator", "version", "met"),
    [
        ("NumericLessThan", "1.2", False),
        ("NumericLessThan", "1.3", None),
        ("NumericGreaterThanEquals", "1.2", True),
        ("NumericEquals", "1.3", None),
    ],
)
def test_requests_come_by_a_tls_that_aws_speaks(
    operator: str, version: str, met: bool | None
) -> None:
    assert own(condition(**{operator: {"s3:TlsVersion": version}})) is met
