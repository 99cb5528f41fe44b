"""Files of the client host, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.place import Place
from labproof.faults.setting import Setting, Step, as_bytes, as_text, named


def read_file(place: Place, name: str) -> Any:
    content = place.client.read(name)
    return None if content is None else as_text(content)


def write_file(place: Place, name: str, content: Any) -> None:
    place.client.write(name, None if content is None else as_bytes(content))


def client_file_gone(_: Place, name: str) -> Iterator[Step]:
    yield Step("client_file", name, None)


SETTINGS = {"client_file": Setting(read_file, write_file)}
CHANGES = named(client_file_gone)
