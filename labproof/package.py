"""A function's deployment package: placeholders filled in, and the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive can name
PLACEHOLDER = re.compile(r"REPLACE-WITH-[A-Z-]*[A-Z]")


class PackageError(ValueError):
    """The source cannot be deployed; the message is one sentence."""


def fill(source: str, replacements: dict[str, str]) -> str:
    """Replace every placeholder of ``source``. Raises PackageError when one has no value."""
    for placeholder, value in replacements.items():
        source = source.replace(placeholder, value)
    if left := PLACEHOLDER.search(source):
        raise PackageError(f"No value is known for {left.group()}: name the resource it stands for.")
    return source


def zip_bytes(files: dict[str, str]) -> bytes:
    """Return a zip archive of ``{name: text}`` that depends on nothing but its content.

    Stored, not deflated: what deflate makes of a text differs between versions of zlib.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
