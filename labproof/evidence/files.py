"""The folder of one run: ``reports/<UTC time>/``. Nothing is written outside, or by halves."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from labproof.labs.lab import LabError

LATEST = "latest"
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
# Most file systems allow 255 bytes for a name; the rest is for an ending.
LONGEST_NAME = 150


class ReportError(LabError):
    """A report cannot be written or read; the message is one sentence."""


def new_run(reports: Path) -> Path:
    """Make and return a folder of its own, also for the second run of one second.

    Raises ReportError where none can be made.
    """
    name = datetime.now(UTC).strftime(TIME_FORMAT)
    try:
        reports.mkdir(parents=True, exist_ok=True)
        return _first_free(reports, name)
    except OSError as error:
        raise _unwritable(reports, error) from error


def _first_free(reports: Path, name: str) -> Path:
    number = 1
    while True:
        run = reports / (name if number == 1 else f"{name}-{number}")
        try:
            run.mkdir()
            return run
        except FileExistsError:
            number += 1


def file_name(host: str) -> str:
    """Return a host's name as a file name: the same for every ordinary one, harmless for any."""
    safe = quote(host, safe=" +@,=()", errors="backslashreplace")
    safe = safe.replace(".", "%2E", 1) if safe.startswith(".") else safe
    if len(safe) <= LONGEST_NAME and safe:
        return safe
    digest = hashlib.sha256(host.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{safe[:80]}-{digest[:16]}"


def write_text(path: Path, text: str) -> None:
    """Write a file as a whole or not at all; text that UTF-8 lacks becomes escapes.

    Raises OSError.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(text.encode("utf-8", "backslashreplace"))
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_report(path: Path, text: str) -> None:
    """Write a file as ``write_text`` does. Raises ReportError."""
    try:
        write_text(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error


def latest(reports: Path) -> Path | None:
    """Return the run that ``reports/latest`` points at, if it is there."""
    link = reports / LATEST
    return link.resolve() if link.is_dir() else None


def point_latest(run: Path) -> None:
    """Let ``latest`` point at a run, in one step: there always is one. Raises ReportError."""
    draft = run.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        draft.symlink_to(run.name, target_is_directory=True)
        os.replace(draft, run.parent / LATEST)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(run.parent / LATEST, error) from error


def _unwritable(path: Path, error: OSError) -> ReportError:
    why = error.strerror or str(error)
    return ReportError(f"{path} cannot be written ({why}): make room, or choose another folder.")
