"""Changes: what a fault does to a lab, as steps that each give one setting another value.

A change is a generator: it may read the lab, and each step is taken before it goes on. Its
arguments come from the catalogue, the lab's names filled in.
"""

from __future__ import annotations

from labproof.faults.changes import (
    buckets,
    client,
    functions,
    invoking,
    keys,
    roles,
    tables,
    topics,
    trails,
    triggers,
    users,
)
from labproof.faults.changes.step import Change, Step

__all__ = ["CHANGES", "Change", "Step"]

CHANGES: dict[str, Change] = {
    name: change
    for area in (
        buckets,
        client,
        functions,
        invoking,
        keys,
        roles,
        tables,
        topics,
        trails,
        triggers,
        users,
    )
    for name, change in area.CHANGES.items()
}
