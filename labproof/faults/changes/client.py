"""Faults of the client host."""

from __future__ import annotations

from collections.abc import Iterator

from labproof.faults.changes.step import Step
from labproof.faults.place import Place


def client_file_gone(_: Place, name: str) -> Iterator[Step]:
    yield Step("client_file", name, None)


CHANGES = {"client-file-gone": client_file_gone}
