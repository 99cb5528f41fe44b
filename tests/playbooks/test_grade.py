"""grade.yml from end to end: a class in which some labs are in order, and others cannot be read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from labproof.analysis.text import HARMFUL
from labproof.evidence.archive import validator as snapshot_validator
from labproof.evidence.files import file_name
from labproof.evidence.taking import InventoryLab
from labproof.grading.results import validator as results_validator
from labproof.labs.package import zip_bytes
from tests.support.learner import FILES, build, code
from tests.support.sandboxes import free_port
from tests.support.world import PROJECT, Run, World, write_inventory

REPORTS = ("results.json", "junit.xml", "index.html")
GOOD = ("ada", "bea", "far")
STRANGE = ("../../x", "zoë of 5 <b>")
UNREAD = {
    "wrong": "AWS refused the credentials",
    "gone": "No AWS API answers at https://127.0.0.1:1",
    "other": "aws_account_id asks for 700000000099",
}
# An unreachable host or endpoint takes seconds, and only its own.
LONGEST_S = 60


def names(host: str, number: int) -> dict[str, Any]:
    return {
        "aws_account_id": str(700000000000 + number),
        "lab_source_bucket": f"in-{number}",
        "lab_destination_bucket": f"out-{number}",
        "lab_function": "copy",
        "lab_role": "copy",
        "lab_table": "Copies",
    }


def copying(host: str, number: int) -> dict[str, Any]:
    return {k: v for k, v in names(host, number).items() if k != "lab_table"}


def a_class() -> dict[str, Any]:
    """Return an inventory's groups: labs in order, empty ones, and some that cannot be read."""
    ssh = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": free_port()}
    transfer = {
        "vague": names("vague", 15) | {"lab_role": "{{ nobody_knows }}"},
        "ada": names("ada", 1),
        "far": names("far", 2) | ssh,
        "mallory": names("mallory", 3),
        "empty": names("empty", 4),
        **{host: names(host, 5 + n) for n, host in enumerate(STRANGE)},
    }
    copies = {
        "bea": copying("bea", 11),
        "wrong": copying("wrong", 12) | {"aws_access_key": "AKIA0123456789ABCDEF"},
        "gone": copying("gone", 13) | {"aws_endpoint_url": "https://127.0.0.1:1"},
        "other": copying("other", 14) | {"aws_access_key": "{{ aws_account_id | int - 1 }}"},
    }
    copies["other"]["aws_account_id"] = "700000000099"
    return {"file_transfer": {"hosts": transfer}, "event_copy": {"hosts": copies}}


@pytest.fixture(scope="module")
def built(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world with the class, whose good labs are built."""
    world.inventory = write_inventory(tmp_path_factory.mktemp("class") / "inventory", a_class())
    for host in GOOD:
        build_lab(world.lab(host))
    return world


def build_lab(entry: InventoryLab) -> None:
    build(entry.lab, entry.connection)
    if entry.lab.client.files:
        Path(entry.lab.client.dir).mkdir(parents=True)
    for name in entry.lab.client.files:
        shutil.copy(FILES / name, entry.lab.client.dir)


@dataclass(frozen=True)
class Graded:
    """A run of grade.yml, and what it wrote."""

    run: Run
    seconds: float
    reports: Path

    @property
    def latest(self) -> Path:
        return self.reports / "latest"

    @property
    def labs(self) -> dict[str, Any]:
        """The labs of the results by host."""
        document = json.loads((self.latest / "results.json").read_text("utf-8"))
        assert [e.message for e in results_validator().iter_errors(document)] == []
        return {lab["host"]: lab for lab in document["labs"]}

    @property
    def terminal(self) -> str:
        """What was shown before the callback's own document."""
        return self.run.output[: self.run.output.index("{\n")]

    def written(self) -> dict[str, str]:
        """Return the content of every file of the latest run by its name."""
        found = [path for path in self.latest.resolve().rglob("*") if path.is_file()]
        return {path.name: path.read_text("utf-8") for path in found if path.parent.name != "labs"}


def play(world: World, folder: Path, *options: str) -> Graded:
    reports, start = folder / "reports", time.monotonic()
    run = world.play("grade.yml", "-e", f"grade_reports={reports}", *options)
    assert "Traceback" not in run.output, run.output
    return Graded(run, time.monotonic() - start, reports)


@pytest.fixture
def grade(built: World, tmp_path: Path) -> Callable[..., Graded]:
    return partial(play, built, tmp_path)


@pytest.fixture(scope="module")
def whole(built: World, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The whole class, graded in one run."""
    return play(built, tmp_path_factory.mktemp("whole"), "-l", "all:!mallory")


def statuses(lab: dict[str, Any]) -> dict[str, str]:
    return {check["id"]: check["status"] for check in lab["checks"]}


def not_passed(lab: dict[str, Any]) -> dict[str, str]:
    return {name: status for name, status in statuses(lab).items() if status != "passed"}


def finding(lab: dict[str, Any], name: str) -> str:
    return str(next(check["found"] for check in lab["checks"] if check["id"] == name))


def test_labs_in_order_have_all_points_whatever_is_beside_them(whole: Graded) -> None:
    assert {host: whole.labs[host]["score"] for host in ("ada", "bea")} == {"ada": 100, "bea": 100}
    assert whole.seconds < LONGEST_S


def test_what_cannot_be_read_is_an_error_with_its_reason(whole: Graded) -> None:
    for host, why in UNREAD.items():
        lab = whole.labs[host]
        assert set(statuses(lab).values()) == {"error"}, host
        assert all(why in check["found"] for check in lab["checks"]), host
    assert not_passed(whole.labs["far"]) == {"client.files": "error", "client.upload": "error"}
    assert "port" in finding(whole.labs["far"], "client.files")


def test_the_exit_status_tells_whether_grading_worked(whole: Graded) -> None:
    assert whole.run.code == 2
    assert set(whole.run.messages) == {*UNREAD, "vague"}
    for host, why in UNREAD.items():
        assert why in whole.run.message(host)
        assert "\n" not in whole.run.message(host)
    assert "'nobody_knows' is undefined" in whole.run.message("vague")
    assert "Not graded: vague" in whole.terminal


def test_each_lab_reaches_the_disk_by_itself(whole: Graded) -> None:
    graded = {"ada", "bea", "far", "empty", *STRANGE, *UNREAD}
    for folder, schema in (("labs", None), ("snapshots", snapshot_validator())):
        found = {path.stem: path for path in (whole.latest / folder).iterdir()}
        assert set(found) == {file_name(host) for host in graded}, folder
        for path in found.values() if schema else ():
            document = json.loads(path.read_text("utf-8"))
            assert [e.message for e in schema.iter_errors(document)] == [], path
    assert set(whole.labs) == graded


def test_nothing_is_written_outside_the_reports(whole: Graded) -> None:
    assert [path.name for path in whole.reports.parent.iterdir()] == ["reports"]
    assert len([path for path in whole.reports.iterdir() if not path.is_symlink()]) == 1
    assert set(REPORTS) <= {path.name for path in whole.latest.iterdir()}


def test_an_empty_account_is_told_its_first_steps_and_a_pass_mark_gates(
    grade: Callable[..., Graded],
) -> None:
    found = grade("-l", "ada:empty", "-e", "pass_mark=60")
    assert found.run.code == 2
    assert "Expected 60 points or more (pass_mark), found less: empty." in found.run.output
    assert "ada  100 of 100 points: 32 requirements passed, nothing left to do." in found.terminal
    steps = re.findall(r"^ +[0-9]\. (.*)\n +(ansible-playbook .*|aws .*)$", found.terminal, re.M)
    assert [first for first, _ in steps][:2] == [
        "Create the bucket in-4.",
        "Create the private bucket out-4.",
    ]
    assert "Nothing of it is there yet. Begin with:" in found.terminal


def test_a_good_lab_passes_the_mark_and_has_every_report(grade: Callable[..., Graded]) -> None:
    found = grade("-l", "bea", "-e", "pass_mark=100")
    assert (found.run.code, set(found.labs)) == (0, {"bea"})
    suites = ET.parse(found.latest / "junit.xml").getroot()  # noqa: S314 - we wrote it
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("24", "0", "0")
    assert "bea" in (found.latest / "index.html").read_text("utf-8")


def rubric_on(snapshots: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/checks",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
    ]
    command.append(f"--snapshots={snapshots}")
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def test_the_rubric_judges_archived_snapshots_as_tests(whole: Graded, tmp_path: Path) -> None:
    archived = whole.latest / "snapshots"
    for host in ("ada", "bea"):
        shutil.copy(archived / f"{host}.json", tmp_path)
    done = rubric_on(tmp_path)
    assert (done.returncode, "56 passed" in done.stdout) == (0, True), done.stdout
    (tmp_path / "empty.json").write_text((archived / "empty.json").read_text())
    done = rubric_on(tmp_path)
    assert (done.returncode, "6 failed, 56 passed, 26 skipped" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "half a file"),
        (lambda text: text.replace('"schema_version": 2', '"schema_version": 3'), "found 3"),
    ],
)
def test_a_snapshot_that_is_none_is_told_in_a_line(
    whole: Graded, tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    whole_one = (whole.latest / "snapshots" / "ada.json").read_text("utf-8")
    (tmp_path / "ada.json").write_text(change(whole_one))
    done = rubric_on(tmp_path)
    assert (done.returncode, done.stdout.strip()) == (4, "")
    assert said in done.stderr
    assert "take it again with grade.yml" in done.stderr or "take the snapshot" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_mode_uploads_and_writes_nothing(built: World, grade: Callable[..., Graded]) -> None:
    entry = built.lab("ada")
    s3 = entry.connection.client("s3")
    versions = s3.list_objects_v2(Bucket=entry.lab.destination.bucket)["KeyCount"]
    found = grade("-l", "ada:bea", "--check", "-e", "pass_mark=100")
    assert (found.run.code, found.run.changed) == (0, {"ada": 0, "bea": 0}), found.run.messages
    assert not found.reports.exists()
    assert s3.list_objects_v2(Bucket=entry.lab.destination.bucket)["KeyCount"] == versions


def test_a_lab_that_comes_first_and_is_wrong_stops_no_other(grade: Callable[..., Graded]) -> None:
    found = grade("-l", "vague:bea", "--check")
    assert set(found.run.messages) == {"vague"}
    assert "bea would be probed and graded." in found.run.output


def test_no_such_lab(grade: Callable[..., Graded]) -> None:
    found = grade("-l", "nobody")
    assert found.run.code != 0
    assert "nobody" in found.run.output
    assert not found.reports.exists()


NASTY = r"""
print("\x1b[31mred\x1b]0;title\x07 <script>alert(1)</script> ]]> {{ 7 * 7 }} & \u202eback")
print("[ERROR] \x1b[2J<img src=x onerror=alert(2)> ]]> {{ 6 * 7 }} \x9b1m\u202e", KEY, PASSWORD)
for number in range(3000):
    print("line", number, "\x9b1m")
"""
KEY, PASSWORD = "AKIA0123456789ABCDEF", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECRETS = (KEY, PASSWORD, "sandbox-only")
MARKUP = ("<script>alert", "<img src=x")


def spoil(entry: InventoryLab) -> None:
    """Let a lab's function print what is nasty, and name and tag things in the same way."""
    functions, s3 = entry.connection.client("lambda"), entry.connection.client("s3")
    source = code(entry.lab)
    handler = "def lambda_handler(event: Any, context: Any) -> dict[str, Any]:\n"
    head, _, body = source.partition(handler)
    nasty = textwrap.indent(f"KEY, PASSWORD = {KEY!r}, {PASSWORD!r}\n{NASTY}", "    ")
    files = {"lambda_function.py": f"{head}{handler}{nasty}{body}"}
    name = entry.lab.function.name
    functions.update_function_code(FunctionName=name, ZipFile=zip_bytes(files))
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"PASSWORD": PASSWORD, "KEY": KEY}}
    )
    tags = [{"Key": "<script>alert(3)</script>", "Value": "\u202e{{ 7 * 7 }}"}]
    s3.put_bucket_tagging(Bucket=entry.lab.source.bucket, Tagging={"TagSet": tags})
    for key in ("<img src=x onerror=alert(4)>/sample.zip", "\u202e\x1b[31m ../../../x/sample.zip"):
        s3.put_object(Bucket=entry.lab.source.bucket, Key=key, Body=b"not the sample")


def test_hostile_names_and_logs_stay_data(built: World, grade: Callable[..., Graded]) -> None:
    entry = built.lab("mallory")
    build_lab(entry)
    spoil(entry)
    found = grade("-l", "mallory")
    lab = found.labs["mallory"]
    assert (found.run.code, lab["score"] > 90) == (0, True), found.terminal
    assert set(not_passed(lab)) == {"logs.no-errors", "logs.metrics"}
    assert "onerror=alert(2)" in finding(lab, "logs.no-errors")
    for name, text in (found.written() | {"terminal": found.run.output}).items():
        assert not [secret for secret in SECRETS if secret in text], name
        assert not HARMFUL.search(text), name
        assert not name.endswith((".html", ".xml")) or not [m for m in MARKUP if m in text], name
    junit = ET.parse(found.latest / "junit.xml").getroot()  # noqa: S314 - we wrote it
    assert "onerror=alert(2)" in ET.tostring(junit, "unicode")
    assert len(found.written()["mallory.json"]) < 200_000
