"""What the grader said of a lab, held against what it should have said.

A *miss* is an id that should fail and does not. A *false alarm* is an id that fails and should not,
one that neither passes nor is expected to be blocked or in error, and anything else that is not as
it should be, such as a lab that is not whole again when its faults are mended.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

# The name under which a lab in order is graded.
WHOLE = "(none)"


@dataclass
class Verdicts:
    """What one lab came to; ``found`` holds what the grader said of each id."""

    name: str
    lab: str
    statuses: dict[str, str] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def compare(
    name: str,
    lab: str,
    result: dict[str, Any],
    fails: Collection[str] = (),
    blocked: Collection[str] = (),
    errors: Collection[str] = (),
) -> Verdicts:
    """Hold a lab's entry of results.json against the ids that must fail.

    ``blocked`` and ``errors`` are the ids that may be so in consequence.
    """
    rows = {row["id"]: row for row in result["checks"]}
    statuses = {i: str(row["status"]) for i, row in rows.items()}
    expected = set(fails) & set(rows)
    allowed = {"failed": expected, "blocked": {*blocked} | expected, "error": {*errors} | expected}
    return Verdicts(
        name,
        lab,
        statuses,
        sorted(i for i in expected if statuses[i] != "failed"),
        sorted(i for i, s in statuses.items() if s != "passed" and i not in allowed[s]),
        {i: f"{r['status']}: {r['found']} {r['blocked_by'] or ''}" for i, r in rows.items()},
    )


def is_right(verdicts: Verdicts) -> bool:
    """Tell whether a lab came to what it should."""
    return not verdicts.misses and not verdicts.alarms
