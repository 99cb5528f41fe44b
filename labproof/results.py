"""``results.json``: the outcome of one run, lab by lab, assembled from what ``judge`` returns.

It comes from the snapshots alone, with no clock of its own: the same snapshots give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import labproof
from labproof.archive import FOLDER as SNAPSHOTS
from labproof.judge import judge
from labproof.reports import junit, page
from labproof.reports.comparison import compare
from labproof.reports.plain import HARMFUL, one_line
from labproof.runs import ReportError, file_name, new_run, point_latest, write_report
from labproof.snapshot import Snapshot

SCHEMA_VERSION = 1
FILE, JUNIT_FILE, PAGE_FILE = "results.json", "junit.xml", "index.html"
Results = dict[str, Any]
Entry = dict[str, Any]


def open_run(reports: Path) -> Path:
    """Return a new folder for a run below ``reports``. Raises ReportError."""
    return new_run(reports)


def add_lab(run: Path, entry: Entry) -> None:
    """Put a lab's entry into a run's folder, where ``finish`` finds it. Raises ReportError."""
    done = {"finished": entry.get("finished") or _finished(run, entry)}
    write_report(_own(run, "labs", entry), dump(in_order(entry | done)))


def finish(run: Path, earlier: Results | None = None) -> Results:
    """Write what a run's labs come to, and let ``latest`` point at it. Raises ReportError."""
    results = assemble(added(run))
    publish(run, results, earlier)
    point_latest(run)
    return results


def added(run: Path) -> list[Entry]:
    """Return the entries of the labs that were added. Raises ReportError where there is none."""
    paths = sorted((run / "labs").glob("*.json"))
    if not paths:
        raise ReportError(f"No lab was graded, so {run} holds nothing to report: see what failed.")
    return [json.loads(path.read_text("utf-8")) for path in paths]


def publish(folder: Path, results: Results, earlier: Results | None = None) -> None:
    """Write the results and every report of them into a folder. Raises ReportError.

    With the results of an earlier run, the page tells what has changed since.
    """
    changed = compare(earlier, results) if earlier else None
    write_report(folder / FILE, dump(results))
    write_report(folder / JUNIT_FILE, junit.render(results))
    write_report(folder / PAGE_FILE, page.render(results, changed))


def entry_of(snapshot: Snapshot) -> Entry:
    """Judge a snapshot: the lab's entry of ``results.json``."""
    finished = snapshot.document.get("finished", snapshot.document["taken"])
    return in_order(judge(snapshot) | {"finished": finished})


def in_order(entry: Entry) -> Entry:
    """Return an entry with what tells of the lab first, and its rows last."""
    keys = [key for key in entry if key not in ("finished", "score", "max_score", "checks")]
    return {key: entry[key] for key in (*keys, "finished", "score", "max_score", "checks")}


def assemble(entries: Iterable[Entry], suite_version: str = labproof.__version__) -> Results:
    """Return the document of labs' entries, sorted by host; of one host the later taken wins."""
    by_host: dict[str, Entry] = {}
    for entry in entries:
        known = by_host.get(entry["host"])
        if known is None or entry["taken"] >= known["taken"]:
            by_host[entry["host"]] = entry
    labs = [by_host[host] for host in sorted(by_host)]
    return {
        "schema_version": SCHEMA_VERSION,
        "started": min(lab["taken"] for lab in labs),
        "finished": max(str(lab.get("finished", lab["taken"])) for lab in labs),
        "suite_version": suite_version,
        "labs": labs,
    }


def merge(runs: Iterable[Results]) -> Results:
    """Join several runs, at least one: of a lab in two of them, the later taken wins."""
    by_time = sorted(runs, key=lambda run: str(run["finished"]))
    entries = [lab for run in by_time for lab in run["labs"]]
    return assemble(entries, by_time[-1]["suite_version"])


def dump(document: Any) -> str:
    """Return a document as text: readable, and the same bytes for the same content.

    What a terminal would obey is escaped, as JSON itself escapes only some of it.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return HARMFUL.sub(lambda found: json.dumps(found.group())[1:-1], text) + "\n"


def read_results(path: Path) -> Results:
    """Read a ``results.json``, or that of a run's folder. Raises ReportError."""
    path = path / FILE if path.is_dir() else path
    document = _parsed(path)
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION or isinstance(found, bool):
        raise ReportError(
            f"{path} should hold results of schema version {SCHEMA_VERSION}, found "
            f"{one_line(repr(found), 40)}: grade again, or use the Labproof that wrote it."
        )
    for problem in validator().iter_errors(document):
        where = "/".join(map(str, problem.absolute_path)) or "its top level"
        why = one_line(f"at {where}: {problem.message}", 200)
        raise ReportError(f"{path} holds no results of a run ({why}): grade again.")
    results: Results = document
    return results


@cache
def validator() -> Any:
    """Return what tells whether a document is a run's results."""
    return Draft202012Validator(schema())


@cache
def schema() -> dict[str, Any]:
    """Return the published schema of ``results.json``."""
    file = resources.files("labproof") / "schemas" / "results.schema.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _parsed(path: Path) -> Any:
    try:
        content = path.read_bytes()
        return json.loads(content)
    except OSError as error:
        why = error.strerror or str(error)
        raise ReportError(f"{path} cannot be read ({why}): correct the path.") from error
    except (ValueError, RecursionError) as error:
        half = content.lstrip()[:1] == b"{" and content.rstrip()[-1:] != b"}"
        what = "is cut off in the middle" if half else "is not JSON"
        raise ReportError(f"{path} {what}: grade again, or regrade its snapshots.") from error


def _finished(run: Path, entry: Entry) -> str:
    """Return when a lab's snapshot was complete: its entry alone does not say so."""
    try:
        snapshot = json.loads(_own(run, SNAPSHOTS, entry).read_bytes())
        return str(snapshot["finished"])
    except (OSError, ValueError, KeyError):
        return str(entry["taken"])


def _own(run: Path, folder: str, entry: Entry) -> Path:
    return run / folder / f"{file_name(entry['host'])}.json"
