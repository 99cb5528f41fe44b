"""``results.json``: the outcome of one run, lab by lab, assembled from what ``judge`` returns.

It comes from the snapshots alone, with no clock of its own: the same snapshots give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import labproof
from labproof.runs import file_name, new_run, point_latest, write_text

SCHEMA_VERSION = 1
Results = dict[str, Any]


def assemble(entries: Iterable[dict[str, Any]]) -> Results:
    """Return the document of some labs' entries, sorted by host."""
    labs = sorted(entries, key=lambda entry: str(entry["host"]))
    return {
        "schema_version": SCHEMA_VERSION,
        "started": min((lab["taken"] for lab in labs), default=""),
        "finished": max((lab.get("finished", lab["taken"]) for lab in labs), default=""),
        "suite_version": labproof.__version__,
        "labs": labs,
    }


def dump(document: Any) -> str:
    """Return a document as text: readable, and the same bytes for the same content."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def open_run(reports: Path) -> Path:
    """Return a new folder for a run below ``reports``. Raises LabError."""
    return new_run(reports)


def add_lab(run: Path, entry: dict[str, Any]) -> None:
    """Put a lab's entry into a run's folder, where ``finish`` finds it."""
    write_text(run / "labs" / f"{file_name(entry['host'])}.json", dump(entry))


def finish(run: Path) -> Results:
    """Make the run's ``results.json`` of its labs' entries, and let ``latest`` point at it."""
    entries = [json.loads(path.read_text("utf-8")) for path in (run / "labs").glob("*.json")]
    results = assemble(entries)
    write_text(run / "results.json", dump(results))
    point_latest(run)
    return results
