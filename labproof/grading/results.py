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
from labproof.analysis.text import HARMFUL, one_line
from labproof.evidence.files import ReportError
from labproof.evidence.snapshot import Snapshot
from labproof.grading.judge import judge

SCHEMA_VERSION = 1
FILE = "results.json"
Results = dict[str, Any]
Entry = dict[str, Any]


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
    file = resources.files("labproof.grading") / "schemas" / "results.schema.json"
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
