"""The folder of one run: what was added to it lab by lab becomes its results and reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from labproof.evidence.archive import FOLDER as SNAPSHOTS
from labproof.evidence.files import ReportError, file_name, point_latest, write_report
from labproof.grading.results import FILE, Entry, Results, assemble, dump, in_order
from labproof.reports import junit, page
from labproof.reports.comparison import Comparison, compare

PAGE_FILE = "index.html"
# What is made of a run's results, by the name of its file; each also gets what has changed since.
EXPORTS: dict[str, Callable[[Results, Comparison | None], str]] = {
    FILE: lambda results, _: dump(results),
    "junit.xml": lambda results, _: junit.render(results),
    PAGE_FILE: page.render,
}


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
    for name, render in EXPORTS.items():
        write_report(folder / name, render(results, changed))


def _finished(run: Path, entry: Entry) -> str:
    """Return when a lab's snapshot was complete: its entry alone does not say so."""
    try:
        snapshot = json.loads(_own(run, SNAPSHOTS, entry).read_bytes())
        return str(snapshot["finished"])
    except (OSError, ValueError, KeyError):
        return str(entry["taken"])


def _own(run: Path, folder: str, entry: Entry) -> Path:
    return run / folder / f"{file_name(entry['host'])}.json"
