"""A function's deployment package: placeholders filled in, and the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive can name
UNIX = 3
PLACEHOLDER = re.compile(r"REPLACE-WITH-[A-Z-]*[A-Z]")


class PackageError(ValueError):
    """The source cannot be deployed; the message is one sentence."""


def fill(source: str, replacements: dict[str, str]) -> str:
    """Replace every placeholder of ``source``. Raises PackageError when one has no value."""
    for placeholder in sorted(replacements, key=len, reverse=True):  # none cuts a longer one short
        source = source.replace(placeholder, replacements[placeholder])
    if left := PLACEHOLDER.search(source):
        raise PackageError(f"No value is known for {left[0]}: name the resource it stands for.")
    return source


def zip_bytes(files: dict[str, str]) -> bytes:
    """Return a zip archive of ``{name: text}`` that depends on nothing but its content.

    Stored, not deflated: what deflate makes of a text differs between versions of zlib.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system = UNIX  # else the platform that the archive is made on
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
