"""What has changed since an earlier run: per lab what got better, worse, came or went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labproof.grading.judge import ERROR, PASSED

Ids = tuple[str, ...]
SAME_LAB = ("kind", "learner")


@dataclass(frozen=True)
class Change:
    """One lab's change. What is neither better nor worse could not be told now (``unclear``)."""

    before: int
    after: int
    better: Ids = ()
    worse: Ids = ()
    unclear: Ids = ()
    new: Ids = ()
    gone: Ids = ()

    def __bool__(self) -> bool:
        return self.before != self.after or any(ids for _, ids in self.parts())

    def parts(self) -> tuple[tuple[str, Ids], ...]:
        """Return the lists of ids, each with its word."""
        words = ("better", "worse", "unclear", "new", "gone")
        return tuple((word, getattr(self, word)) for word in words)


@dataclass(frozen=True)
class Comparison:
    """The changes by host, since a run that began at ``since``; labs of one run only."""

    since: str
    changes: dict[str, Change]
    new: Ids = ()
    gone: Ids = ()


def compare(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    """Compare the results of two runs."""
    old = {lab["host"]: lab for lab in before["labs"]}
    now = {lab["host"]: lab for lab in after["labs"]}
    both = [host for host in now if host in old and _same(old[host], now[host])]
    return Comparison(
        before["started"],
        {host: change(old[host], now[host]) for host in both},
        tuple(host for host in now if host not in both),
        tuple(host for host in old if host not in both),
    )


def change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """Compare two entries of the same lab."""
    old = {check["id"]: check["status"] for check in before["checks"]}
    now = {check["id"]: check["status"] for check in after["checks"]}
    moved = [i for i in now if i in old and now[i] != old[i]]
    return Change(
        before["score"],
        after["score"],
        better=tuple(i for i in moved if now[i] == PASSED),
        worse=tuple(i for i in moved if old[i] == PASSED and now[i] != ERROR),
        unclear=tuple(i for i in moved if now[i] == ERROR),
        new=tuple(i for i in now if i not in old),
        gone=tuple(i for i in old if i not in now),
    )


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other[key] for key in SAME_LAB)
