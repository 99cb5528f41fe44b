"""What every report asks of a lab's results: which are in which state, and what comes first."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labproof.analysis.text import one_line
from labproof.grading.judge import BLOCKED, ERROR, FAILED, PASSED

WAIVED = "waived"
STATES = (PASSED, FAILED, BLOCKED, ERROR, WAIVED)
Check = dict[str, Any]
Lab = dict[str, Any]


@dataclass(frozen=True)
class Area:
    """The checks of one part of a lab, and what they come to."""

    name: str
    checks: tuple[Check, ...]

    @property
    def points(self) -> int:
        return sum(check["points"] for check in self.checks)

    @property
    def max_points(self) -> int:
        return sum(check["max_points"] for check in self.checks)


def state(check: Check) -> str:
    """Return a check's status, or ``waived`` where it has its points without having passed."""
    return WAIVED if "waived" in check and check["status"] != PASSED else str(check["status"])


def in_state(lab: Lab, wanted: str) -> list[Check]:
    """Return a lab's checks in one state, in the learner's order."""
    return [check for check in lab["checks"] if state(check) == wanted]


def counts(lab: Lab) -> Counter[str]:
    """Return how many of a lab's checks are in each state."""
    return Counter(state(check) for check in lab["checks"])


def areas(lab: Lab) -> list[Area]:
    """Return a lab's areas in the learner's order."""
    found: dict[str, list[Check]] = {}
    for check in lab["checks"]:
        found.setdefault(check["id"].partition(".")[0], []).append(check)
    return [Area(name, tuple(checks)) for name, checks in found.items()]


def waiting(lab: Lab) -> dict[tuple[str, ...], list[str]]:
    """Return the ids of blocked checks by what blocks them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for check in in_state(lab, BLOCKED):
        found.setdefault(tuple(check["blocked_by"]), []).append(check["id"])
    return found


def is_complete(lab: Lab) -> bool:
    """Tell whether nothing is left to do or to find out."""
    return set(counts(lab)) <= {PASSED, WAIVED}


def is_untouched(lab: Lab) -> bool:
    """Tell whether nothing that the lab should show is there yet."""
    found = counts(lab)
    return not found[PASSED] and bool(found[FAILED])


def is_unread(lab: Lab) -> bool:
    """Tell whether nothing at all could be told, as of an account that does not answer."""
    return bool(lab["checks"]) and counts(lab)[ERROR] == len(lab["checks"])


def most_missed(labs: Iterable[Lab]) -> list[tuple[str, int, int]]:
    """Return ``(id, how many labs failed it, how many have it)``, the most missed first."""
    missed: Counter[str] = Counter()
    has: Counter[str] = Counter()
    for lab in labs:
        has.update(check["id"] for check in lab["checks"])
        missed.update(check["id"] for check in in_state(lab, FAILED))
    return [(name, number, has[name]) for name, number in missed.most_common()]


def median(labs: Iterable[Lab]) -> float:
    """Return the middle score of at least one lab."""
    return float(statistics.median(lab["score"] for lab in labs))


def below(labs: Iterable[Lab], pass_mark: int) -> list[Lab]:
    """Return the labs with fewer points than a pass mark; one where nothing counts has none."""
    return [lab for lab in labs if lab["max_score"] and lab["score"] < pass_mark]


def seconds(first: str, last: str) -> float:
    """Return the seconds between two times of a document; 0 where they cannot be read."""
    try:
        passed = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, round(passed.total_seconds(), 3))


def duration(lab: Lab) -> float:
    """Return the seconds that it took to read and probe a lab."""
    return seconds(lab["taken"], str(lab.get("finished", lab["taken"])))


def minute(time: str) -> str:
    """Return a time of a document for people, in UTC."""
    return f"{one_line(time)[:16].replace('T', ' ')} UTC"


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: ``1 lab``, ``2 labs``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
