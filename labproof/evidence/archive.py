"""Snapshots on the disk: written whole or not at all, and read with suspicion."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from labproof.evidence.files import file_name, write_text
from labproof.evidence.snapshot import SCHEMA_VERSION, Snapshot
from labproof.labs.lab import LabError

MOST_BYTES = 5_000_000
FOLDER = "snapshots"


class ArchiveError(LabError):
    """A snapshot cannot be written or read; the message is one sentence."""


def write_snapshot(document: dict[str, Any], run: Path) -> Path:
    """Write a snapshot into the folder of a run, ``RUN/snapshots/HOST.json``, and return its path.

    Whoever reads it meanwhile sees the old file or the new one, never half of it. Raises
    ArchiveError.
    """
    target = run / FOLDER / f"{file_name(document['lab']['host'])}.json"
    try:
        write_text(target, json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise ArchiveError(
            f"The snapshot {target} cannot be written ({error.strerror}): make room, or let the "
            "folder of reports be written to."
        ) from error
    return target


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot. Raises ArchiveError for a file that holds none, or one of another time."""
    document = _loaded(path)
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION:
        raise ArchiveError(
            f"{path} should hold a snapshot of schema version {SCHEMA_VERSION}, found "
            f"{found!r:.40}: take it again with grade.yml, or use the Labproof that wrote it."
        )
    if problem := best_match(validator().iter_errors(document)):
        where = "/".join(map(str, problem.absolute_path)) or "its top level"
        raise ArchiveError(
            f"{path} is no snapshot, at {where} ({problem.message:.200}): take it again with "
            "grade.yml."
        )
    return Snapshot(document)


@cache
def validator() -> Any:
    """Return what tells whether a document is a snapshot."""
    return Draft202012Validator(schema())


@cache
def schema() -> dict[str, Any]:
    """Return the published schema of snapshots."""
    file = resources.files("labproof.evidence") / "schemas" / "snapshot.schema.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _loaded(path: Path) -> Any:
    try:
        size, content = path.stat().st_size, b""
        if size <= MOST_BYTES:
            content = path.read_bytes()
    except OSError as error:
        raise ArchiveError(
            f"The snapshot {path} cannot be read ({error.strerror}): correct the path."
        ) from error
    if size > MOST_BYTES:
        raise ArchiveError(
            f"{path} should be a snapshot of at most {MOST_BYTES:,} bytes, found {size:,}: take it "
            "again with grade.yml."
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(
            f"{path} should be JSON, found something else, or half a file: take the snapshot "
            "again with grade.yml."
        ) from error
