"""Grading in tests: what the client host has, and what the verdicts come to."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.evidence.uploads import samples
from labproof.grading.judge import judge
from tests.support.client import Folder
from tests.support.learner import FILES

# How long uploads are followed (s), with other labs on the same machine
TIMEOUT_S = 60.0
# A failed event is tried again soon, so that nobody waits for it.
SETTINGS = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1"}
KINDS = ("file_transfer", "event_copy", "file_metadata", "secure_ingestion")


class Asked(NamedTuple):
    """One call of the SDK."""

    operation: str
    request: dict[str, Any]


def grade(
    entry: InventoryLab, timeout: float = TIMEOUT_S, records: int = samples.BULK
) -> dict[str, Any]:
    """Return a lab's entry of results.json; ``timeout`` is in seconds.

    ``records`` is how many the probe's large file of records has.
    """
    with patch.object(samples, "BULK", records):
        return judge(Snapshot(take(entry, client_files(entry), timeout)))


def client_files(entry: InventoryLab) -> dict[str, Any]:
    """Return what is in the client's folder; where there is none, the challenge's own files."""
    client = Path(entry.lab.client.dir)
    folder = Folder(client if client.is_dir() else FILES)
    bodies = {name: folder.read(name) for name in entry.lab.client.files}
    return {
        name: body and {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in bodies.items()
    }


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["status"] for row in result["checks"]}


def told(result: dict[str, Any]) -> list[str]:
    """Return a line for each check that did not pass."""
    return [
        f"{r['id']} {r['status']}: expected {r['expected']}, found {r['found']} {r['blocked_by']}"
        for r in result["checks"]
        if r["status"] != "passed"
    ]
