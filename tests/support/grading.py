"""Grading in tests: names as learners choose them, the client's files, verdicts told."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.grading.judge import judge
from tests.support.learner import FILES

TIMEOUT_S = 20.0
# A failed event is tried again soon, so that nobody waits for it.
SETTINGS = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1"}
KINDS = ("file_transfer", "event_copy", "file_metadata", "secure_ingestion")


class Asked(NamedTuple):
    """One call of the SDK."""

    operation: str
    request: dict[str, Any]


def names(who: str) -> dict[str, Any]:
    """Return inventory variables with names as a learner may choose them."""
    return {
        "lab_source_bucket": f"in.{who}.example",
        "lab_destination_bucket": f"out-{who}",
        "lab_function": f"Handle_{who}",
        "lab_role": f"{who}@lambda",
        "lab_table": f"Table.{who}",
        "lab_key_alias": f"alias/{who}/key",
        "lab_trail": f"trail-{who}",
        "lab_trail_bucket": f"trail-{who}",
        "lab_client_dir": "/home/learner",
    }


def grade(entry: InventoryLab, timeout: float = TIMEOUT_S) -> dict[str, Any]:
    """Return a lab's entry of results.json."""
    return judge(Snapshot(take(entry, client_files(entry), timeout)))


def client_files(entry: InventoryLab) -> dict[str, Any]:
    """Return what the client host has: the challenge's own files."""
    bodies = {name: (FILES / name).read_bytes() for name in entry.lab.client.files}
    return {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
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
