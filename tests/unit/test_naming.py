"""What AWS accepts as a name, by the examples and rules of its documentation."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labproof.labs.naming import (
    alias_problem,
    bucket_problem,
    function_problem,
    policy_problem,
    role_problem,
    table_problem,
    trail_problem,
    variable_problem,
)

# The rules once more, written as one expression for names outside the account regional namespace.
BUCKET = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$)(?!.*\.\.)"
    r"(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3|-an)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
)
PREFIXES = ["xn--", "sthree-", "amzn-s3-demo-"]
SUFFIXES = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"]
AFFIXES = st.sampled_from([*PREFIXES, *SUFFIXES, "-", ".", "10.0.0.1", "a"])
TRICKY = st.builds(
    "".join,
    st.lists(st.one_of(AFFIXES, st.text("ab01.-A_é\n", max_size=12)), min_size=1, max_size=5),
)


@pytest.mark.parametrize(
    "name",
    [
        "docexamplebucket-1a1b2c3d4-5678-90ab-cdef-example11111",
        "log-delivery-march-2020",
        "my-hosted-content",
        "docexamplewebsite.com",
        "www.docexamplewebsite.com",
        "my.example.s3.bucket",
        "abc",
        "a" * 63,
        "1.2.3",
        "1.2.3.4.5",
        "xn-a",
        "my-plan",
        "mrap",
        "my-xn--bucket",
        "mybucket-111122223333-us-west-2-an",
        "a-111122223333-us-gov-east-1-an",
    ],
)
def test_s3_accepts_the_bucket_names_of_its_documentation(name: str) -> None:
    assert bucket_problem(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ab", "has 2 characters"),
        ("a" * 64, "has 64 characters"),
        ("doc_example_bucket", "lower-case"),
        ("DocExampleBucket", "lower-case"),
        ("doc-example-bucket-", "begin and end"),
        (".doc", "begin and end"),
        ("bücket", "lower-case"),
        ("bucket\n", "lower-case"),
        ("doc..example", "two dots"),
        ("192.168.5.4", "IP address"),
        ("999.168.05.4", "IP address"),
        ("xn--bucket", "begins with 'xn--'"),
        ("sthree-configurator", "begins with 'sthree-'"),
        ("amzn-s3-demo-bucket", "begins with 'amzn-s3-demo-'"),
        ("bucket-s3alias", "ends with '-s3alias'"),
        ("bucket--ol-s3", "ends with '--ol-s3'"),
        ("bucket.mrap", "ends with '.mrap'"),
        ("bucket--usw2-az1--x-s3", "ends with '--x-s3'"),
        ("bucket--table-s3", "ends with '--table-s3'"),
        ("bucket-an", "ends with '-an'"),
        ("bucket-12345-us-west-2-an", "ends with '-an'"),
        ("-111122223333-us-west-2-an", "begin and end"),
        ("111122223333-us-west-2-an", "ends with '-an'"),
    ],
)
def test_s3_refuses_a_bucket_name_for_a_reason_that_is_told(name: str, why: str) -> None:
    assert why in str(bucket_problem(name))


@given(TRICKY)
@example("ab.-an")
def test_bucket_names_are_judged_as_by_the_rules_in_one_expression(name: str) -> None:
    assert (bucket_problem(name) is None) == bool(BUCKET.fullmatch(name))


@pytest.mark.parametrize("name", ["f", "my_Function-1", "f" * 64])
def test_lambda_accepts_letters_digits_hyphens_and_underscores(name: str) -> None:
    assert function_problem(name) is None


@pytest.mark.parametrize("name", ["", "f" * 65, "my.function", "my function", "funktiön", "f\n"])
def test_lambda_refuses_other_function_names(name: str) -> None:
    assert "1 to 64" in str(function_problem(name))


@pytest.mark.parametrize("name", ["lambda_execution_role", "a+b=c,d.e@f-g", "r" * 64])
def test_iam_accepts_role_names_with_its_signs(name: str) -> None:
    assert role_problem(name) is None


@pytest.mark.parametrize("name", ["", "r" * 65, "a/b", "a b", "rôle", "r\n"])
def test_iam_refuses_other_role_names(name: str) -> None:
    assert "1 to 64" in str(role_problem(name))


def test_an_inline_policy_name_may_be_twice_as_long_as_a_role_name() -> None:
    assert policy_problem("p" * 128) is None
    assert "1 to 128" in str(policy_problem("p" * 129))
    assert policy_problem("put items")


@pytest.mark.parametrize("name", ["abc", "xfusion-S3CopyLogs", "a_b.c-D", "t" * 255])
def test_dynamodb_accepts_table_names_with_dots_hyphens_and_underscores(name: str) -> None:
    assert table_problem(name) is None


@pytest.mark.parametrize("name", ["ab", "t" * 256, "a/b", "a b", "täble", "abc\n"])
def test_dynamodb_refuses_other_table_names(name: str) -> None:
    assert "3 to 255" in str(table_problem(name))


@pytest.mark.parametrize("name", ["alias/secure-ingestion", "alias/a/b_c", "alias/awsome"])
def test_kms_accepts_aliases_of_ones_own(name: str) -> None:
    assert alias_problem(name) is None


@pytest.mark.parametrize("name", ["secure", "alias/", "alias/aws/s3", "alias/a b", "alias/a\n"])
def test_kms_refuses_other_aliases(name: str) -> None:
    assert "must be alias/" in str(alias_problem(name))


@pytest.mark.parametrize("name", ["abc", "my-trail_1.x", "T" * 128, "1.2.3"])
def test_cloudtrail_accepts_trail_names_with_single_signs(name: str) -> None:
    assert trail_problem(name) is None


@pytest.mark.parametrize(
    "name", ["ab", "T" * 129, "-ab", "ab.", "my--trail", "my-_trail", "192.168.5.4", "a b", "abc\n"]
)
def test_cloudtrail_refuses_other_trail_names(name: str) -> None:
    assert "3 to 128" in str(trail_problem(name))


@pytest.mark.parametrize(("name", "fine"), [("TABLE_NAME", True), ("a1", True), ("A", False)])
def test_lambda_asks_for_two_characters_in_a_variables_name(name: str, fine: bool) -> None:
    assert (variable_problem(name) is None) is fine


@pytest.mark.parametrize("name", ["", "1A", "_A", "A-B", "A B", "AB\n"])
def test_lambda_refuses_variables_with_other_signs(name: str) -> None:
    assert "a letter and then" in str(variable_problem(name))
