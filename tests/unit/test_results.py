"""results.json: the same bytes for the same labs, read back with suspicion, never half written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from labproof.analysis.text import HARMFUL
from labproof.evidence import files as runs
from labproof.evidence.files import ReportError, file_name, latest, new_run, write_text
from labproof.grading.results import assemble, dump, read_results, schema, validator
from labproof.reports.publishing import add_lab, finish
from tests.support.report_data import HOSTILE, IDS, a_check, a_class, a_lab, hostile_lab

TEXT = st.text(max_size=40)
STATUS = st.sampled_from(["passed", "failed", "blocked", "error"])
LABS = st.lists(
    st.builds(a_lab, host=st.text(min_size=1, max_size=300), learner=TEXT, account=st.none() | TEXT)
    | st.builds(a_lab, statuses=st.tuples(*[STATUS] * len(IDS))),
    min_size=1,
    max_size=4,
)


def refusal(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ReportError) as caught:
        read_results(path)
    assert str(caught.value).startswith(f"{path} ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(LABS)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, labs: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("results") / "results.json"
    document = assemble(labs)
    write_text(path, dump(document))
    assert read_results(path) == document


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("labs", [[hostile_lab()], [a_lab()], a_class()["labs"]])
def test_what_is_written_fits_the_published_schema(labs: list[dict[str, Any]]) -> None:
    validator().validate(json.loads(dump(assemble(labs)).encode("utf-8", "backslashreplace")))


@pytest.mark.parametrize("lack", ["id", "status", "points", "blocked_by", "duration_s"])
def test_the_schema_misses_what_is_not_there(lack: str) -> None:
    check = a_check("role.exists")
    del check[lack]
    lab = a_lab(score=20, max_score=20) | {"checks": [check]}
    assert not validator().is_valid(assemble([lab]))


def test_the_times_are_those_of_the_snapshots() -> None:
    early = a_lab("b", taken="2026-01-01T00:00:00+00:00", finished="2026-01-01T00:01:00+00:00")
    late = a_lab("a", taken="2026-01-01T00:00:30+00:00", finished="2026-01-01T00:00:40+00:00")
    found = assemble([early, late])
    assert found["started"] == "2026-01-01T00:00:00+00:00"
    assert found["finished"] == "2026-01-01T00:01:00+00:00"
    assert [lab["host"] for lab in found["labs"]] == ["a", "b"]


def test_the_order_in_which_labs_come_does_not_matter() -> None:
    labs = [a_lab(name) for name in "cab"]
    assert dump(assemble(labs)) == dump(assemble(labs[::-1]))


def test_of_two_entries_of_a_lab_the_later_wins_whichever_comes_first() -> None:
    old = a_lab("ada", ("failed",) * 5, taken="2026-01-01T00:00:00+00:00", finished="2026-01-02")
    labs = [a_lab("ada"), old, a_lab("bob")]
    for order in (labs, labs[::-1]):
        found = [(lab["host"], lab["score"]) for lab in assemble(order)["labs"]]
        assert found == [("ada", 100), ("bob", 100)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not JSON"),
        ("hello", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (dump(a_class(2))[:-30], "is cut off in the middle"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "found None"),
        ("{}", "found None"),
        ('{"schema_version": 2}', "of schema version 1, found 2"),
        ('{"schema_version": true}', "found True"),
        ('{"schema_version": "\\u001b[31m\\n"}', "found '\\x1b[31m\\n'"),
        ('{"schema_version": 1}', "(at its top level: 'started' is a required property)"),
        (dump(assemble([a_lab(score=-1)])), "(at labs/0/score: -1 is less than the minimum of 0)"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    assert says in refusal(tmp_path / "results.json", content)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="No such file or directory"):
        read_results(tmp_path / "none.json")


def test_a_folder_stands_for_its_results(tmp_path: Path) -> None:
    write_text(tmp_path / "results.json", dump(a_class(1)))
    assert read_results(tmp_path) == a_class(1)


def test_a_run_is_finished_from_what_was_added(tmp_path: Path) -> None:
    run = new_run(tmp_path / "reports")
    for lab in (a_lab("bob"), hostile_lab()):
        add_lab(run, lab)
    results = finish(run)
    assert read_results(run) == results == read_results(tmp_path / "reports" / "latest")
    assert {lab["learner"] for lab in results["labs"]} == {"Bob", HOSTILE}


def test_nothing_is_written_outside_the_run(tmp_path: Path) -> None:
    run = new_run(tmp_path / "deep" / "reports")
    hosts = [
        "../../up",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "x" * 5000,
        "é" * 200,
        HOSTILE,
        "~",
        "-rf",
    ]
    for host in hosts:
        add_lab(run, a_lab(host))
    assert {p.name for p in tmp_path.iterdir()} == {"deep"}
    assert {p.name for p in run.iterdir()} == {"labs"}
    assert len(list((run / "labs").iterdir())) == len(hosts)


@given(st.text(max_size=300), st.text(max_size=300))
def test_every_host_has_a_file_of_its_own(one: str, other: str) -> None:
    for host in (one, other):
        assert os.sep not in file_name(host)
        assert not file_name(host).startswith(".")
        assert 0 < len(file_name(host)) <= runs.LONGEST_NAME
    assert (file_name(one) == file_name(other)) == (one == other)


def test_an_ordinary_host_keeps_its_name() -> None:
    for host in ("xfusion", "ada.example.org", "group 1", "event-copy", "ada@home"):
        assert file_name(host) == host


def test_the_end_of_a_lab_is_that_of_its_snapshot(tmp_path: Path) -> None:
    run, lab = new_run(tmp_path), a_lab()
    del lab["finished"]
    write_text(run / "snapshots" / "ada.json", '{"finished": "2026-11-21T03:20:00+00:00"}')
    add_lab(run, lab)
    assert finish(run)["finished"] == "2026-11-21T03:20:00+00:00"


def test_two_runs_in_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    assert len({new_run(tmp_path) for _ in range(5)}) == 5


def test_a_run_without_labs_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    first, second = new_run(tmp_path), new_run(tmp_path)
    add_lab(first, a_lab())
    finish(first)
    with pytest.raises(ReportError, match="No lab was graded"):
        finish(second)
    assert latest(tmp_path) == first.resolve()


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")

    def full(_: Path, __: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_where_no_report_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(ReportError, match="File exists"):
        new_run(tmp_path / "reports")


def test_a_folder_in_the_place_of_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    run = new_run(tmp_path)
    add_lab(run, a_lab())
    with pytest.raises(ReportError, match="latest cannot be written"):
        finish(run)
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".tmp")]


def test_what_a_terminal_would_obey_is_escaped_and_comes_back() -> None:
    nasty = "\x1b[31m \x9b1m \u202e \U000e0041 \ud800 é\tü\n"
    written = dump({nasty: nasty})
    assert not HARMFUL.search(written)
    assert "é" in written
    assert json.loads(written) == {nasty: nasty}
