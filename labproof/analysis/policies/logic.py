"""Three-valued logic: True is surely, False surely not, None in part or not to be known offline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Verdict = bool | None


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return True if one is surely so, False if none may be."""
    found: Verdict = False
    for verdict in verdicts:
        if verdict:
            return True
        found = None if verdict is None else found
    return found


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return False if one is surely not so, True if all surely are."""
    found: Verdict = True
    for verdict in verdicts:
        if verdict is False:
            return False
        found = None if verdict is None else found
    return found


def agreed(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that all share, None where they differ."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else None


def negate(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def as_list(value: Any) -> list[Any]:
    """Policies write one value where they mean a list of one."""
    return [] if value is None else value if isinstance(value, list) else [value]


def texts(value: Any) -> list[str]:
    """Return the texts among a value or list of values; anything else is not valid there."""
    return [v for v in as_list(value) if isinstance(v, str)]
