"""docs/design.md tells how to add a requirement: what it tells works as it stands there."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from labproof.evidence.archive import read_snapshot
from labproof.evidence.snapshot import Snapshot
from labproof.grading import rubric as rubrics
from labproof.grading.judge import judge
from labproof.labs.kinds import kinds

# The package has a function of the same name.
faults = import_module("labproof.faults.catalogue")
PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "design.md"
RECORDED = PROJECT / "tests" / "snapshots" / "event-copy.json"
ID, KIND = "function.timeout", "event_copy"
MOST_FILES = 4


class Addition(NamedTuple):
    """What the page adds to a file."""

    path: str
    text: str


def additions() -> list[Addition]:
    """Return the blocks of the page's section, each with the file that is named before it."""
    text = PAGE.read_text("utf-8").partition("### A requirement on evidence")[2]
    section = re.split(r"^###? ", text, maxsplit=1, flags=re.MULTILINE)[0]
    named = r"^`([\w./-]+)` .*?```\w+\n(.*?)```"
    return [Addition(*found) for found in re.findall(named, section, re.DOTALL | re.MULTILINE)]


def added(path_ends: str) -> str:
    (text,) = [one.text for one in additions() if one.path.endswith(path_ends)]
    return text


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's additions, made to copies of the files, and to the kind."""
    checks, data = tmp_path / "checks", tmp_path / "data"
    shutil.copytree(rubrics.FOLDER, checks)
    shutil.copytree(faults.FOLDER, data)
    for folder, ending in ((checks, "test_function.py"), (data, "function.yml")):
        with (folder / ending).open("a") as file:
            file.write(f"\n\n{added(ending)}")
    monkeypatch.setattr(rubrics, "FOLDER", checks)
    monkeypatch.setattr(faults, "FOLDER", data)
    ids: list[str] = kinds()[KIND]["defaults"]["lab_requirements"]
    ids += yaml.safe_load(added(f"{KIND}.yml"))
    read_again()
    yield
    ids.remove(ID)
    read_again()


def read_again() -> None:
    """Forget which checks and faults there are."""
    for name in [name for name in sys.modules if name.startswith(rubrics.PACKAGE)]:
        del sys.modules[name]
    for cached in (rubrics.rubric, faults.catalogue):
        cached.cache_clear()


def row(seconds: int) -> dict[str, Any]:
    """Return how the requirement is judged of a recorded lab whose function may take so long."""
    document = read_snapshot(RECORDED).document
    document["lab"]["requirements"].append(ID)
    document["state"]["function"]["timeout"] = seconds
    (found,) = [r for r in judge(Snapshot(document))["checks"] if r["id"] == ID]
    return dict(found)


def test_the_folders_of_the_page_are_those_of_the_package() -> None:
    table = PAGE.read_text("utf-8").partition("## The folders")[2].partition("## Who may")[0]
    told = set(re.findall(r"^\| `labproof/(\w+)/`", table, re.MULTILINE))
    there = {path.parent.name for path in (PROJECT / "labproof").glob("*/__init__.py")}
    assert told == there


def test_it_takes_no_more_than_four_files_which_are_all_there() -> None:
    paths = {one.path for one in additions()}
    assert 0 < len(paths) <= MOST_FILES
    assert [path for path in paths if not (PROJECT / path).is_file()] == []


@pytest.mark.usefixtures("done")
def test_the_requirement_is_judged() -> None:
    assert row(60)["status"] == "passed"
    failed = row(3)
    assert (failed["status"], failed["expected"]) == ("failed", "60 seconds or more")
    assert "$" not in failed["hint"] + failed["command"]


@pytest.mark.usefixtures("done")
def test_the_fault_is_in_the_catalogue() -> None:
    assert faults.catalogue()["time-out-short"].fails == {ID}


def test_the_page_of_the_kind_gets_a_row() -> None:
    assert added("event-copy.md").startswith(f"| `{ID}` |")
