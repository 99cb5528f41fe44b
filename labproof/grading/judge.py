"""Judge one snapshot: a row for each requirement that the lab has. Pure: no clock, no network.

A check that passes has passed. One that fails is *blocked* where something that it rests on
failed, for the fault is blamed once; it is an *error* where what it, or what it rests on, needs
could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from labproof.evidence.snapshot import Failure, Snapshot, Unreadable
from labproof.grading.controls import controls
from labproof.grading.hints import next_step
from labproof.grading.rubric import Requirement, points, rubric
from labproof.labs.flows import FLOWS

PASSED, FAILED, BLOCKED, ERROR = "passed", "failed", "blocked", "error"
LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Outcome:
    """What became of one check; ``blocked_by`` names the failed requirements it rests on.

    ``rests_on`` holds the ids that it rests on besides those of its requirement.
    """

    status: str
    expected: str = ""
    found: str = ""
    blocked_by: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()


def judge(snapshot: Snapshot) -> dict[str, Any]:
    """Return a lab's entry of ``results.json``: its score and a row for each requirement."""
    document, lab = snapshot.document, snapshot.lab
    terms = document["rubric"]
    outcomes = decide(snapshot)
    shown = [i for i in outcomes if i not in terms["left_out"]]
    worth = points(shown, terms["points"])
    rows = [row(snapshot, rubric()[i], outcomes[i], worth[i]) for i in shown]
    return {
        "host": lab.host,
        "kind": lab.kind,
        "learner": lab.learner,
        "account": document["target"].get("account"),
        "taken": document["taken"],
        "score": sum(r["points"] for r in rows),
        "max_score": sum(r["max_points"] for r in rows),
        "checks": rows,
    }


def decide(snapshot: Snapshot) -> dict[str, Outcome]:
    """Return the outcome of each requirement that the lab has, in the learner's order."""
    mine = {i: r for i, r in rubric().items() if i in snapshot.lab.requirements}
    alone = {i: ask(requirement, snapshot) for i, requirement in mine.items()}
    settled: dict[str, Outcome] = {}
    rests_on = {i: r.rests_on for i, r in rubric().items()}
    rests_on |= {i: (*r.rests_on, *alone[i].rests_on) for i, r in mine.items()}
    below = {i: _foundations(i, rests_on) for i in mine}
    for name in sorted(mine, key=lambda i: len(below[i])):
        settled[name] = _settled(alone[name], {i: settled[i] for i in below[name] if i in mine})
    return {i: settled[i] for i in mine}


def ask(requirement: Requirement, snapshot: Snapshot) -> Outcome:
    """Return what a check says by itself. Whatever goes wrong in it is nobody's failure."""
    try:
        requirement.check(snapshot)
    except Failure as failure:
        said = _bounded(failure.expected), _bounded(failure.found)
        return Outcome(FAILED, *said, rests_on=failure.rests_on)
    except Unreadable as unread:
        return Outcome(ERROR, "an answer from AWS", _bounded(str(unread)))
    except Exception as error:
        found = f"{type(error).__name__} in the check: {error}"
        return Outcome(ERROR, "evidence that the check understands", _bounded(found))
    return Outcome(PASSED)


def _settled(outcome: Outcome, below: dict[str, Outcome]) -> Outcome:
    """Take into account what a failed check rests on, however far down."""
    if outcome.status != FAILED:
        return outcome
    if failed := tuple(i for i, one in below.items() if one.status == FAILED):
        return replace(outcome, status=BLOCKED, blocked_by=failed)
    for name, one in below.items():
        if one.status == ERROR:
            why = f"{name}, on which it rests, is not known: {one.found}"
            return Outcome(ERROR, outcome.expected, _bounded(why))
    return outcome


def _foundations(name: str, rests_on: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the ids that a requirement rests on, directly or not, in the learner's order."""
    found: set[str] = set()
    waiting = list(rests_on[name])
    while waiting:
        one = waiting.pop()
        if one in rests_on and one not in found:
            found.add(one)
            waiting += rests_on[one]
    return [i for i in rests_on if i in found and i != name]


def row(
    snapshot: Snapshot, requirement: Requirement, outcome: Outcome, worth: int
) -> dict[str, Any]:
    """Return a row of ``results.json``."""
    waiver = waived(snapshot, requirement.id)
    earned = outcome.status == PASSED or waiver is not None
    has_controls = FLOWS[snapshot.lab.flow].has_controls
    return {
        "id": requirement.id,
        "title": requirement.title,
        "status": outcome.status,
        "points": worth if earned else 0,
        "max_points": worth,
        "expected": outcome.expected,
        "found": outcome.found,
        **next_step(snapshot, requirement, outcome.status == FAILED),
        "blocked_by": list(outcome.blocked_by),
        "duration_s": snapshot.duration(requirement.area),
        **({"controls": controls(requirement.id)} if has_controls else {}),
        **({"waived": waiver} if waiver else {}),
    }


def waived(snapshot: Snapshot, name: str) -> dict[str, str] | None:
    """Return the waiver of a requirement that was in force on the day of the snapshot."""
    found: dict[str, str] | None = snapshot.document["rubric"]["waived"].get(name)
    in_force = found is not None and snapshot.document["taken"][:10] <= found["until"]
    return found if in_force else None


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"
