"""What is large, odd or hostile stays bounded, and is told as what it is."""

import io
import json
import zipfile
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.aws.answers import is_error
from labproof.aws.asking import LONGEST_DOCUMENT, document
from labproof.aws.connection import Connection
from labproof.evidence.collect import collect
from labproof.evidence.collect.code import MOST_CODE, python_files
from labproof.evidence.redaction import ACCESS_KEY
from tests.support.account import ANSWERS, CONFIGURATION, PLACE, PREFIX, USER, a_whole_lab, stored
from tests.support.wire import wired

MOST_BYTES = 200_000
KEY_ID = "AKIA" + "ABCDEFGHIJKLMNOP"


def state(monkeypatch: pytest.MonkeyPatch, code: bytes = b"", **answers: Any) -> dict[str, Any]:
    monkeypatch.setattr("urllib.request.urlopen", lambda url, **options: io.BytesIO(code))
    changed = {name.replace("__", "."): answer for name, answer in answers.items()}
    wired(monkeypatch, ANSWERS | changed)
    return collect(a_whole_lab(), Connection(), PLACE)


def package(files: dict[str, str]) -> zipfile.ZipFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return zipfile.ZipFile(buffer)


def test_the_handlers_file_comes_first_and_only_whole_files_are_kept() -> None:
    big = "#" * (MOST_CODE - 20)
    files = {"a.py": big, "lib/b.py": "deep", "z/main.py": "def handler(): ...", "c.txt": "no"}
    found = python_files(package(files), "z/main.handler")
    assert list(found["files"]) == ["z/main.py", "lib/b.py"]
    assert found["cut"] == ["a.py"]


def test_a_small_archive_of_a_huge_file_is_not_unpacked() -> None:
    found = python_files(package({"main.py": "0" * 50_000_000, "b.py": "x"}), "main.handler")
    assert (list(found["files"]), found["cut"]) == (["b.py"], ["main.py"])


def test_an_access_key_in_the_code_is_a_marker_that_can_be_counted() -> None:
    found = python_files(package({"main.py": f"KEY = '{KEY_ID}'"}), "main.handler")
    assert found["files"] == {"main.py": f"KEY = '{ACCESS_KEY}'"}


@pytest.mark.parametrize(
    "text", ["no JSON", "", "[1]", '"a"', "{" * 5000, '{"a":' * 99 + "1" + "}" * 99]
)
def test_a_policy_that_is_none_is_kept_as_text(text: str) -> None:
    found = document(text, "get_bucket_policy")
    assert set(found) == {"Unparsed"}
    assert len(found["Unparsed"]) <= 1000


def test_a_policy_beyond_all_bounds_is_unknown() -> None:
    found = document(json.dumps({"Statement": "x" * LONGEST_DOCUMENT}), "get_bucket_policy")
    assert found["error"]["code"] == "TooLarge"


@given(st.text())
def test_whatever_stands_for_a_policy_becomes_an_object_that_json_can_hold(text: str) -> None:
    found = document(text, "get_bucket_policy")
    assert isinstance(found, dict)
    json.dumps(found, allow_nan=False)


def test_no_secret_is_anywhere_in_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"Variables": {"BUCKET": KEY_ID, "TABLE_NAME": "t", KEY_ID: "x"}}
    function = {"Configuration": CONFIGURATION | {"Environment": variables}, "Code": {}}
    policy = {"Policy": json.dumps({"Statement": [{"Sid": KEY_ID, "Effect": "Deny"}]})}
    found = state(monkeypatch, lambda__GetFunction=function, s3__GetBucketPolicy=policy)
    assert KEY_ID not in json.dumps(found)
    assert found["source_bucket"]["policy"]["Statement"][0]["Sid"] == ACCESS_KEY
    assert found["function"]["environment"]["BUCKET"] == {
        "value": None,
        "secret": True,
        "access_key": True,
    }


def test_an_account_of_5000_users_is_a_few_pages_and_a_few_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    idle = [
        {"UserName": f"u{n}", "Arn": f"arn:u{n}", "UserPolicyList": [], "GroupList": []}
        for n in range(4999)
    ]
    details = {"UserDetailList": [USER, *idle], "GroupDetailList": [], "IsTruncated": False}
    found = state(monkeypatch, iam__GetAccountAuthorizationDetails=details)["users"]
    assert (found["counted"], found["cut"]) == (5000, False)
    assert [user["name"] for user in found["listed"]] == ["eve"]


def test_more_users_with_rights_than_there_is_room_for_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = [deepcopy(USER) | {"UserName": f"u{n}"} for n in range(2000)]
    details = {"UserDetailList": many, "GroupDetailList": [], "IsTruncated": False}
    found = state(monkeypatch, iam__GetAccountAuthorizationDetails=details)
    assert not is_error(found["users"]), found["users"]
    assert found["users"]["cut"] is True
    assert 0 < len(found["users"]["listed"]) < 2000
    assert len(json.dumps(found)) < MOST_BYTES


def test_a_bucket_of_many_objects_is_one_page_and_the_usual_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def listed(Bucket: str, Prefix: str = "", MaxKeys: int = 0, **_: Any) -> Any:  # noqa: N803
        asked.append((Prefix, MaxKeys))
        entry = {"Key": "verify/1/sample.zip", "Size": 6, "LastModified": "2026-01-01"}
        return {"Contents": [entry] if Prefix else [], "IsTruncated": True}

    def get(Bucket: str, Key: str, **_: Any) -> Any:  # noqa: N803
        return stored(Bucket, "in/sample.zip" if Key.startswith("verify/") else Key)

    found = state(monkeypatch, s3__ListObjectsV2=listed, s3__GetObject=get)["samples"]
    assert sorted(asked) == [("", 1000), ("verify/", 1000)]
    assert [sample["key"] for sample in found["found"]] == ["verify/1/sample.zip"]
    assert found["listing"] is None


def test_a_state_far_beyond_any_lab_is_cut_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [
        {"Id": str(n), "LambdaFunctionArn": PREFIX, "Events": ["s3:ObjectCreated:*"]}
        for n in range(5000)
    ]
    huge = {"LambdaFunctionConfigurations": targets}
    found = state(monkeypatch, s3__GetBucketNotificationConfiguration=huge)
    assert found["source_bucket"]["error"]["code"] == "TooLarge"
    assert not is_error(found["function"])
    assert len(json.dumps(found)) < MOST_BYTES
