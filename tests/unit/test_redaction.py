"""No secret enters a snapshot, and what is no secret stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.evidence.redaction import ACCESS_KEY, SECRET, cleaned, redact

KEY_ID = "AKIA" + "ABCDEFGHIJKLMNOP"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'key = "{KEY_ID}"', f'key = "{ACCESS_KEY}"'),
        (f"{KEY_ID},{KEY_ID}", f"{ACCESS_KEY},{ACCESS_KEY}"),
        ("ASIA" + "0123456789ABCDEF", ACCESS_KEY),
        (f"aws_secret_access_key={SECRET_KEY}", f"aws_secret_access_key={ACCESS_KEY}"),
        (f"x = '{SECRET_KEY}'", f"x = '{ACCESS_KEY}'"),
        (f"a {PEM} b", f"a {SECRET} b"),
        ("ghp_" + "a1" * 18, SECRET),
    ],
)
def test_keys_and_secrets_become_markers_that_can_be_counted(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::123456789012:role/AKIAtypes",
        "AROADEAA34E8AB3A4799A",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "DXnFq2rTleFsaRyh2Q5Hb8CZdxA9ISSr17tcwuEBVVM=",
        "arn:aws:kms:us-east-1:123456789012:key/ef7ab223-6a42-4616-8394-4db3d3b72e20",
        "probe/0123456789abcdef0123456789abcdef.zip",
        "an_ordinary_name_that_is_far_longer_than_forty_characters",
    ],
)
def test_names_digests_and_arns_stay(text: str) -> None:
    assert redact(text) == text


@given(st.text(max_size=60), st.text(UPPER, min_size=16, max_size=16), st.sampled_from("\"' =,:\n"))
def test_an_access_key_never_comes_through_whatever_is_around_it(
    around: str, rest: str, edge: str
) -> None:
    text = f"{around}{edge}AKIA{rest}{edge}{around}"
    assert f"AKIA{rest}" not in redact(text)
    assert redact(redact(text)) == redact(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.datetimes() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_whatever_aws_answers_becomes_json_that_a_file_can_hold(value: object) -> None:
    text = json.dumps(cleaned(value), allow_nan=False, ensure_ascii=False)
    assert text.encode("utf-8")


def test_redaction_of_a_megabyte_takes_no_time_to_speak_of() -> None:
    for text in ("a" * 1_000_000, "aA0/" * 250_000, "-----BEGIN" * 100_000, "AKIA" * 250_000):
        assert isinstance(redact(text), str)
