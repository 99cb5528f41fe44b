"""A client host whose folder is on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    path: Path

    def read(self, name: str) -> bytes | None:
        file = self.path / name
        return file.read_bytes() if file.is_file() else None

    def write(self, name: str, content: bytes | None) -> None:
        if content is None:
            (self.path / name).unlink(missing_ok=True)
        else:
            (self.path / name).write_bytes(content)
