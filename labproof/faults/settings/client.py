"""Files of the client host, by name."""

from __future__ import annotations

from typing import Any

from labproof.faults.place import Place
from labproof.faults.settings.reading import as_bytes, as_text


def read_file(place: Place, name: str) -> Any:
    content = place.client.read(name)
    return None if content is None else as_text(content)


def write_file(place: Place, name: str, content: Any) -> None:
    place.client.write(name, None if content is None else as_bytes(content))


SETTINGS = {"client_file": (read_file, write_file)}
