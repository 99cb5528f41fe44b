"""The folder of one run: ``reports/<UTC time>/``. Nothing is written outside, or by halves."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from labproof.labs import LabError

LATEST = "latest"
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
# Most file systems allow 255 bytes for a name; the rest is for an ending.
LONGEST_NAME = 150


def new_run(reports: Path) -> Path:
    """Make and return a folder of its own, also for the second run of one second.

    Raises LabError where none can be made.
    """
    name = datetime.now(UTC).strftime(TIME_FORMAT)
    try:
        reports.mkdir(parents=True, exist_ok=True)
        return _first_free(reports, name)
    except OSError as error:
        why = error.strerror or str(error)
        raise LabError(f"No report can be written to {reports}: {why}.") from error


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
    """Write a file as a whole or not at all; text that UTF-8 lacks becomes escapes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def latest(reports: Path) -> Path | None:
    """Return the run that ``reports/latest`` points at, if it is there."""
    link = reports / LATEST
    return link.resolve() if link.is_dir() else None


def point_latest(run: Path) -> None:
    """Let ``latest`` point at a run. It is replaced in one step: there always is one."""
    with tempfile.TemporaryDirectory(prefix=".", dir=run.parent) as folder:
        link = Path(folder) / LATEST
        link.symlink_to(run.name, target_is_directory=True)
        os.replace(link, run.parent / LATEST)
