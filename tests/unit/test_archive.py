"""Snapshots on the disk: the same when they come back, and refused in one sentence otherwise."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from labproof.aws.answers import error_of
from labproof.evidence.archive import (
    MOST_BYTES,
    ArchiveError,
    read_snapshot,
    schema,
    write_snapshot,
)
from labproof.labs.lab import Lab
from tests.support.fakes import a_lab


def a_document(host: str = "ada", **changes: Any) -> dict[str, Any]:
    """Return the snapshot of an account that did not answer."""
    unread = error_of("get_caller_identity", "NoAccess", "nobody answers")
    document = {
        "schema_version": 2,
        "suite_version": "1",
        "taken": "2026-11-21T03:04:38.487+00:00",
        "finished": "2026-11-21T03:04:39.487+00:00",
        "lab": a_lab().as_data() | {"host": host},
        "rubric": {"points": {}, "left_out": [], "waived": {}},
        "target": {"account": "", "partition": "aws", "region": "us-east-1", "emulated": True},
        "arns": {"source": ["arn:aws:s3:::ada-public"]},
        "durations": {},
        "state": unread,
        "probe": unread,
    }
    return document | changes


def test_a_snapshot_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_snapshot(a_document(), tmp_path)
    assert path == tmp_path / "snapshots" / "ada.json"
    assert read_snapshot(path).document == json.loads(json.dumps(a_document()))
    assert [entry.name for entry in path.parent.iterdir()] == ["ada.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(min_size=1, max_size=300) | st.sampled_from(["..", "../../x", "/etc/x", ".", "a\0"]))
def test_a_hosts_name_never_leads_out_of_the_folder(tmp_path: Path, host: str) -> None:
    path = write_snapshot(a_document(host), tmp_path)
    assert path.resolve().parent == (tmp_path / "snapshots").resolve()
    assert path.is_file()
    assert path.name.endswith(".json")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "should be JSON"),
        (json.dumps(a_document()).encode()[:200], "half a file"),
        (b"\xff\xfe", "should be JSON"),
        (b"[" * 100_000, "should be JSON"),
        (b"[1]", "schema version 2, found None"),
        (json.dumps(a_document(schema_version=1)).encode(), "version 2, found 1"),
        (json.dumps(a_document(schema_version="1")).encode(), "version 2, found '1'"),
        (json.dumps(a_document(state={})).encode(), "at state"),
        (json.dumps(a_document(more=1)).encode(), "at its top level"),
        (json.dumps(a_document(arns={"source": "arn"})).encode(), "at arns/source"),
    ],
)
def test_what_is_no_snapshot_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=told) as error:
        read_snapshot(path)
    assert "grade.yml" in str(error.value)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < 600


def test_a_file_that_is_missing_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be read"):
        read_snapshot(tmp_path / "none.json")
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ArchiveError, match="at most"):
        read_snapshot(path)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_text("a file in the way")
    with pytest.raises(ArchiveError, match="cannot be written"):
        write_snapshot(a_document(), tmp_path)


def test_the_schema_is_one_and_describes_every_field_of_a_lab() -> None:
    Draft202012Validator.check_schema(schema())
    described = schema()["properties"]["lab"]["properties"]
    assert set(described) == {field.name for field in attrs.fields(Lab)}


def test_every_field_of_the_schema_is_described() -> None:
    def undescribed(part: Any, place: str) -> list[str]:
        if not isinstance(part, dict):
            return []
        found = [
            f"{place}/{name}"
            for name, one in part.get("properties", {}).items()
            if "description" not in one and "$ref" not in one
        ]
        for name, one in part.items():
            for inner in one if isinstance(one, list) else [one]:
                found += undescribed(inner, f"{place}/{name}")
        return found

    assert undescribed(schema(), "") == []
