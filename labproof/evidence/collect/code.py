"""A function's deployed source, as text: only whole files, the learner's own ones first."""

from __future__ import annotations

import http.client
import io
import json
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from labproof.aws.answers import error_of
from labproof.aws.connection import Connection
from labproof.evidence.redaction import cleaned

MAX_ARCHIVE_BYTES = 60_000_000  # Lambda takes 50 MB of zip archive
MOST_CODE = 80_000  # bytes of JSON
MOST_CUT_NAMES = 20
LONGEST_NAME = 300
TIMEOUT_S = 20
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    http.client.HTTPException,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Download:
    """The package at the address that Lambda gives; its handler's file comes first."""

    location: str
    handler: str
    operation: str = "Code.Location"

    def answer(self, connection: Connection) -> Any:
        """Return ``{"files": {name: text}, "cut": [name]}``, or an error as data."""
        try:
            return python_files(zipfile.ZipFile(io.BytesIO(self._bytes(connection))), self.handler)
        except UNREADABLE as error:
            return error_of(self.operation, type(error).__name__, "")

    def _bytes(self, connection: Connection) -> bytes:
        if not self.location.startswith(("https://", "http://")):
            raise ValueError("no address of the web")
        with urllib.request.urlopen(  # noqa: S310 - the address is Lambda's answer
            self.location, timeout=TIMEOUT_S, context=connection.tls()
        ) as response:
            content: bytes = response.read(MAX_ARCHIVE_BYTES)
        return content


def python_files(archive: zipfile.ZipFile, handler: str) -> dict[str, Any]:
    """Return an archive's Python files as far as there is room, and the names of those cut."""
    files: dict[str, str] = {}
    cut: list[str] = []
    room = MOST_CODE
    for member in _in_order(archive, handler):
        # What is packed small may be huge: look at the size that it claims before reading.
        text = _text(archive, member) if member.file_size <= room else None
        size = len(json.dumps(text)) if text is not None else room + 1
        if text is None or size > room:
            cut.append(member.filename[:LONGEST_NAME])
            continue
        files[member.filename[:LONGEST_NAME]] = text
        room -= size
    return {"files": files, "cut": cut[:MOST_CUT_NAMES]}


def _in_order(archive: zipfile.ZipFile, handler: str) -> Iterator[zipfile.ZipInfo]:
    """Yield the handler's file, what lies beside it, then what is deeper: bundled packages."""
    place = handler.rpartition(".")[0].replace(".", "/")
    first = {f"{place}.py", f"{place}/__init__.py"}
    members = [m for m in archive.infolist() if m.filename.endswith(".py")]
    return iter(
        sorted(members, key=lambda m: (m.filename not in first, m.filename.count("/"), m.file_size))
    )


def _text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    text: str = cleaned(archive.read(member).decode("utf-8", "replace"))
    return text
