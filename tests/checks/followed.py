"""What the checks of fresh uploads share: which there are, and what became of them in words."""

from __future__ import annotations

from typing import Any

from labproof.evidence.snapshot import Failure, Snapshot, expect_none

INVOKED = [
    *("source-bucket.exists", "function.exists", "function.runtime"),
    *("function.deployed", "function.uses-role"),
    *("role.exists", "role.trusts-lambda", "role.can-write-logs"),
    *("trigger.configured", "trigger.permission"),
]
READ = ["transfer.invoked", "role.can-read-source", "role.can-decrypt"]
COPIED = [*READ, "destination-bucket.exists", "role.can-write-destination"]
STORED = [*READ, "table.exists", "table.key", "table.active", "role.can-write-table"]
LOG = "aws logs tail /aws/lambda/$function --since 15m"
FUNCTION = "create-function.yml"


def upload(snapshot: Snapshot, label: str) -> Any:
    """Return what was seen of one upload. Raises Failure when there was none, Unreadable."""
    found = snapshot.seen("uploads").get(label)
    if found is None:
        why = snapshot.seen("why_not") or "the one before it was not worked on"
        raise Failure(f"a fresh upload ({label}) to be worked on", f"none made: {why}")
    return found


def why(snapshot: Snapshot, found: Any) -> str:
    """Return what may explain that an upload had no effect: an error, or how long was waited."""
    if found["errors"]:
        return f"; the log says: {found['errors'][0]}"
    if found["finished"]:
        return "; the function ended without an error"
    if said := snapshot.seen("why_not"):
        return f"; {said}"
    invoked = "an invocation that did not end" if found["requests"] else "no invocation"
    return f"; {invoked} within {snapshot.seen('timeout_s'):g} s"


def expect_each(snapshot: Snapshot, labels: list[str], problem: Any, expected: str) -> None:
    """Raise Failure that tells the problem of each upload that has one."""
    told = {label: problem(snapshot, upload(snapshot, label)) for label in labels}
    expect_none([f"{label}: {said}" for label, said in told.items() if said], expected)
