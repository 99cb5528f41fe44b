"""Regrading: the same bytes from the archived snapshots alone, and clear words otherwise."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from labproof import regrade
from labproof.evidence.archive import ArchiveError, read_snapshot, write_snapshot
from labproof.evidence.files import ReportError, new_run
from labproof.grading.judge import judge
from labproof.grading.results import read_results
from labproof.reports.publishing import add_lab, finish

from .test_archive import a_document

LATER = {"taken": "2026-11-22T00:00:00+00:00", "finished": "2026-11-22T00:00:09+00:00"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def graded(reports: Path, *documents: dict[str, Any]) -> Path:
    """Return the folder of a run, as grade.yml writes it."""
    run = new_run(reports)
    for document in documents:
        add_lab(run, judge(read_snapshot(write_snapshot(document, run))))
    finish(run)
    return run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    waiver = {"role.exists": {"reason": "Known", "until": "2099-01-01"}}
    terms = {"points": {"table.exists": 40}, "left_out": ["role.policies"], "waived": waiver}
    return graded(tmp_path / "reports", a_document("bob"), a_document("ada", rubric=terms))


def test_the_same_bytes_come_out(run: Path, tmp_path: Path) -> None:
    again = regrade.regrade([run], tmp_path / "again").run
    assert again is not None
    assert regrade.regrade([run]).results == read_results(run)
    files = [path.relative_to(run) for path in sorted(run.rglob("*")) if path.is_file()]
    assert Path("results.json") in files
    assert Path("index.html") in files
    for file in files:
        assert (again / file).read_bytes() == (run / file).read_bytes()
    assert (tmp_path / "again" / "latest").resolve() == again.resolve()


@pytest.mark.parametrize("source", [".", "snapshots", "../latest"])
def test_a_run_or_its_snapshots_may_be_named(run: Path, source: str) -> None:
    hosts = [lab["host"] for lab in regrade.regrade([run / source]).results["labs"]]
    assert hosts == ["ada", "bob"]


def test_single_snapshots_may_be_named(run: Path) -> None:
    found = regrade.regrade([run / "snapshots" / "bob.json"])
    assert [lab["host"] for lab in found.results["labs"]] == ["bob"]


def test_of_one_lab_the_later_snapshot_counts(run: Path, tmp_path: Path) -> None:
    later = graded(tmp_path / "later", a_document("bob", **LATER))
    for order in ([run, later], [later, run]):
        labs = regrade.regrade(order).results["labs"]
        assert [(lab["host"], lab["taken"][:10]) for lab in labs] == [
            ("ada", "2026-11-21"),
            ("bob", "2026-11-22"),
        ]


def test_without_a_folder_nothing_is_written(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert regrade.main([str(run)]) == regrade.REGRADED
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert "could not be graded" in capsys.readouterr().out


def test_the_run_that_was_written_is_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ("a folder whose name is " + "very " * 20 + "long")
    assert regrade.main([str(run), "--output", str(folder)]) == regrade.REGRADED
    assert f"Report: {folder.resolve()}" in capsys.readouterr().out


def test_a_comparison_is_told(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = json.loads((run / "results.json").read_text())
    for lab in results["labs"]:
        lab["score"] = 77
    earlier = run / "earlier.json"
    earlier.write_text(json.dumps(results))
    assert regrade.main([str(run), "--compare", str(earlier)]) == regrade.REGRADED
    assert "77 → 0 points" in capsys.readouterr().out


def test_a_pass_mark_is_a_gate(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert regrade.main([str(run), "--pass-mark", "0"]) == regrade.REGRADED
    assert regrade.main([str(run), "--pass-mark", "50"]) == regrade.TOO_FEW
    said = capsys.readouterr().err
    assert said.startswith("Expected 50 points or more (pass mark), found less: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "should be JSON"), ('{"schema_version": 9}', "schema version 2, found 9")],
)
def test_a_bad_snapshot_is_told_in_a_sentence_and_nothing_is_written(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, told: str
) -> None:
    (run / "snapshots" / "cyd.json").write_text(content)
    asked = [str(run), "--output", str(tmp_path / "out")]
    assert regrade.main(asked) == regrade.IMPOSSIBLE
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not (tmp_path / "out").exists()


def test_where_there_is_no_snapshot_is_told(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    with pytest.raises(ReportError, match="holds no snapshots"):
        regrade.regrade([tmp_path])
    with pytest.raises(ArchiveError, match="cannot be read"):
        regrade.regrade([tmp_path / "none.json"])


def test_earlier_results_that_are_none_are_told(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regrade.main([str(run), "--compare", str(run / "none")]) == regrade.IMPOSSIBLE
    assert "cannot be read" in capsys.readouterr().err


def test_wrong_arguments_have_a_status_of_their_own() -> None:
    with pytest.raises(SystemExit) as ended:
        regrade.main([])
    assert ended.value.code == regrade.USAGE
