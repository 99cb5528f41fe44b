"""Policy statements, judged as IAM judges them."""

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labproof.policies import (
    as_list,
    beyond_reading,
    covers_action,
    covers_resource,
    grants,
    is_public,
    matches,
    principals,
    public_reads,
    statements,
)

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
OBJECTS = "arn:aws:s3:::bucket/*"
READ = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}
PATTERNS = st.text("ab*?.[\n", max_size=10)
TEXTS = st.text("ab.[\n", max_size=10)


def policy(*found: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(found)}


def reference(pattern: str, text: str) -> bool:
    """Compare character by character."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return reference(pattern[1:], text) or (bool(text) and reference(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and reference(pattern[1:], text[1:])


@given(PATTERNS, TEXTS)
@example("*a?*", "aab")
@example("a*a", "a")
@example("?", "\n")
@example("*ab*ab", "abab")
@example("*a*ab", "aab")
def test_a_pattern_matches_as_a_comparison_by_character_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) == reference(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "same"),
    [
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::bucket*", "arn:aws:s3:::bucket", True),
        ("arn:*:s3:::bucket/*", "arn:aws-cn:s3:::bucket/a", True),
        ("arn:aws:iam::*:role/x?", "arn:aws:iam::111122223333:role/x1", True),
        ("arn:aws:s3:::b.cket", "arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::BUCKET", "arn:aws:s3:::bucket", False),
    ],
)
def test_arns_match_with_wildcards_and_in_their_case(pattern: str, text: str, same: bool) -> None:
    assert matches(pattern, text) is same


def test_a_pattern_of_many_stars_is_compared_in_no_time() -> None:
    start = time.monotonic()
    assert not matches("*a" * 60 + "b", "a" * 2000)
    assert time.monotonic() - start < 1


def test_one_value_stands_for_a_list_of_one() -> None:
    assert (as_list(None), as_list("a"), as_list(["a", "b"])) == ([], ["a"], ["a", "b"])
    assert list(statements({"Statement": READ})) == [READ]


def test_statements_are_told_apart_by_effect() -> None:
    deny = READ | {"Effect": "Deny"}
    assert list(statements(policy(READ, deny))) == [READ]
    assert list(statements(policy(READ, deny), "Deny")) == [deny]
    assert list(statements(None)) == []


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ({"Principal": "*"}, ["*"]),
        ({"Principal": {"AWS": "*"}}, ["*"]),
        ({"Principal": {"AWS": ["a", "b"], "Service": "c"}}, ["a", "b", "c"]),
        ({"NotPrincipal": {"AWS": ROLE}}, ["*"]),
        ({}, []),
    ],
)
def test_principals_are_everyone_that_a_statement_names(
    principal: dict[str, Any], named: list[str]
) -> None:
    assert principals(principal) == named


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:Get*", "s3:*", "*"])
def test_an_action_is_covered_in_any_case_and_by_wildcards(action: str) -> None:
    assert covers_action({"Action": ["x:y", action]}, "s3:GetObject")
    assert not covers_action({"NotAction": [action]}, "s3:GetObject")
    assert not covers_action({"Action": action}, "iam:PassRole") or action == "*"


def test_what_is_not_excluded_is_covered() -> None:
    assert covers_action({"NotAction": "iam:*"}, "s3:GetObject")
    assert covers_resource({"NotResource": "arn:aws:s3:::other/*"}, "arn:aws:s3:::bucket/a")
    assert not covers_resource({"NotResource": OBJECTS}, "arn:aws:s3:::bucket/a")
    assert not covers_action({}, "s3:GetObject")
    assert not covers_resource({}, "arn:aws:s3:::bucket/a")


@pytest.mark.parametrize(
    ("change", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": ["*"]}}, True),
        ({"Principal": {"AWS": ROLE}}, False),
        ({"Principal": {"Service": "*"}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, False),
        ({"Condition": {}}, True),
    ],
)
def test_public_is_what_speaks_to_everyone_under_no_condition(
    change: dict[str, Any], public: bool
) -> None:
    assert is_public(READ | change) is public


def test_whoever_is_excepted_makes_a_statement_less_than_public() -> None:
    excepting = {k: v for k, v in READ.items() if k != "Principal"}
    assert not is_public(excepting | {"NotPrincipal": {"AWS": ROLE}})


@pytest.mark.parametrize(
    "resource",
    [OBJECTS, "*", "arn:aws:s3:::*", "arn:aws:s3:::b*", "arn:aws:s3:::bucket*", f"{OBJECTS}?"],
)
def test_every_object_may_be_named_in_many_ways(resource: str) -> None:
    assert public_reads(policy(READ | {"Resource": ["arn:aws:s3:::bucket", resource]}), OBJECTS)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"AWS": ROLE}},
        {"Action": "s3:PutObject"},
        {"Action": "s3:GetObjectAcl"},
        {"Resource": "arn:aws:s3:::bucket/?"},
        {"Resource": "arn:aws:s3:::bucket/??*"},
        {"Resource": "arn:aws:s3:::bucket/*.zip"},
        {"Resource": "arn:aws:s3:::bucket/public/*"},
        {"Resource": "arn:aws:s3:::bucket"},
        {"Resource": "arn:aws:s3:::other/*"},
        {"Condition": {"StringEquals": {"aws:Referer": "x"}}},
    ],
)
def test_less_than_every_object_for_everyone_is_no_public_reading(change: dict[str, Any]) -> None:
    assert not public_reads(policy(READ | change), OBJECTS)


@pytest.mark.parametrize("nothing", [None, {}, {"Statement": []}])
def test_no_policy_lets_nobody_read(nothing: dict[str, Any] | None) -> None:
    assert not public_reads(nothing, OBJECTS)


def test_an_exception_by_not_resource_counts_only_where_it_hits_the_bucket() -> None:
    reading = {k: v for k, v in READ.items() if k != "Resource"}
    for resource, public in (("secret/*", False), ("*", False)):
        excepting = reading | {"NotResource": f"arn:aws:s3:::bucket/{resource}"}
        assert public_reads(policy(excepting), OBJECTS) is public
    assert public_reads(policy(reading | {"NotResource": "arn:aws:s3:::other/*"}), OBJECTS)


@pytest.mark.parametrize(
    "deny",
    [
        {},
        {"Action": "s3:*"},
        {"Action": "*", "Resource": "*"},
        {"Resource": "arn:aws:s3:::bucket/secret/*"},
        {"Resource": "arn:aws:s3:::*/secret"},
        {"Resource": "arn:aws:s3:::bu*/x*"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"StringNotEquals": {"aws:SecureTransport": "false"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}, "Null": {"aws:x": "true"}}},
    ],
)
def test_a_deny_that_may_hit_a_stranger_ends_public_reading(deny: dict[str, Any]) -> None:
    assert not public_reads(policy(READ, READ | {"Effect": "Deny"} | deny), OBJECTS)


@pytest.mark.parametrize(
    "deny",
    [
        {"Principal": {"AWS": ROLE}},
        {"Action": "s3:PutObject"},
        {"Resource": "arn:aws:s3:::other/*"},
        {"Resource": "arn:aws:s3:::bucket"},
        {"Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Action": "s3:*", "Condition": {"BoolIfExists": {"AWS:SecureTransport": ["False"]}}},
    ],
)
def test_a_deny_that_hits_no_stranger_over_https_takes_nothing_away(deny: dict[str, Any]) -> None:
    assert public_reads(policy(READ, READ | {"Effect": "Deny"} | deny), OBJECTS)


def test_a_deny_may_name_what_it_spares() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*"}
    sparing = deny | {"Principal": "*", "NotResource": "arn:aws:s3:::bucket/*"}
    assert public_reads(policy(READ, sparing), OBJECTS)
    assert not public_reads(policy(READ, sparing | {"NotResource": f"{OBJECTS}.zip"}), OBJECTS)
    nobody_else = deny | {"NotPrincipal": {"AWS": ROLE}, "Resource": OBJECTS}
    assert not public_reads(policy(READ, nobody_else), OBJECTS)


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:getobjectversion", "s3:GetObject*"])
def test_reading_is_not_beyond_reading(action: str) -> None:
    assert beyond_reading(policy(READ | {"Action": [action]}), ACCOUNT) == []


@pytest.mark.parametrize(
    "action", ["s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:*", "*"]
)
@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": "999988887777"},
        {"AWS": "arn:aws:iam::999988887777:root"},
        {"AWS": f"arn:aws:iam::999988887777:role/{ACCOUNT}"},
        {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "arn:aws:iam::999988887777:root"]},
        {"Service": "cloudtrail.amazonaws.com"},
    ],
)
def test_what_others_may_do_beyond_reading_is_told(principal: Any, action: str) -> None:
    found = beyond_reading(policy(READ | {"Principal": principal, "Action": action}), ACCOUNT)
    assert found == [action]


@pytest.mark.parametrize("principal", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ROLE])
def test_the_account_itself_may_do_all(principal: str) -> None:
    own = READ | {"Principal": {"AWS": principal}, "Action": "s3:*"}
    assert beyond_reading(policy(own), ACCOUNT) == []
    assert beyond_reading(policy(own | {"Effect": "Deny", "Principal": "*"}), ACCOUNT) == []


def test_all_actions_but_a_few_go_beyond_reading() -> None:
    broad = {"Effect": "Allow", "Principal": "*", "NotAction": "s3:Put*", "Resource": "*"}
    assert beyond_reading(policy(broad), ACCOUNT) == ["NotAction"]
    everyone_but = READ | {"NotPrincipal": {"AWS": ROLE}, "Action": "s3:PutObject"}
    del everyone_but["Principal"]
    assert beyond_reading(policy(everyone_but), ACCOUNT) == ["s3:PutObject"]


def granted(*found: dict[str, Any]) -> bool:
    return grants(policy(*found), ROLE, "s3:GetObject", "arn:aws:s3:::bucket/any")


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["x", ROLE]}])
def test_a_bucket_policy_grants_to_everyone_or_to_the_role(principal: Any) -> None:
    assert granted(READ | {"Principal": principal})


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"AWS": f"{ROLE}2"}},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Action": "s3:PutObject"},
        {"Resource": "arn:aws:s3:::bucket/other"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_a_bucket_policy_grants_nothing_it_does_not_say(change: dict[str, Any]) -> None:
    assert not granted(READ | change)


def test_a_deny_overrides_a_grant() -> None:
    deny = READ | {"Effect": "Deny"}
    assert not granted(READ, deny)
    assert granted(READ, deny | {"Principal": {"AWS": f"{ROLE}2"}})
    assert granted(READ, deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    sparing = {k: v for k, v in deny.items() if k != "Principal"} | {"NotPrincipal": {"AWS": ROLE}}
    assert granted(READ, sparing)
