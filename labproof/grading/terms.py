"""The terms of a class: what each requirement is worth, which are left out, which are waived."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from copy import copy
from datetime import date, datetime
from typing import Any

from attrs import frozen

from labproof.grading.rubric import TOTAL, rubric
from labproof.labs.declaring import Variable, declared, of, problem, read
from labproof.labs.kinds import every_requirement
from labproof.labs.lab import Lab, LabError
from labproof.labs.values import TEXTS, Type, by_id, number

POINTS, LEFT_OUT, WAIVED = "lab_points", "lab_left_out", "lab_waived"
WAIVER = '{reason: TEXT, until: "YYYY-MM-DD"}'
Problems = list[str]


def _day(given: Any) -> str:
    """Return a day as YYYY-MM-DD; YAML makes a date of one that is not in quotes."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return given.strftime("%Y-%m-%d")
    try:
        if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            return date.fromisoformat(given).isoformat()
    except ValueError:
        pass
    raise ValueError(f"{WAIVER} with a day of the calendar, such as 2026-12-31")


def _waiver(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or set(given) != {"reason", "until"}:
        raise ValueError
    reason = given["reason"]
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError(f"{WAIVER} with a reason that says why")
    return {"reason": str(reason).strip(), "until": _day(given["until"])}


def _ids(given: Any) -> list[str]:
    return [str(name) for name in dict.fromkeys(TEXTS.parse(given or ()))]


@frozen
class Terms:
    """What a class may change about the points of its labs, whatever their kinds."""

    points: dict[str, int] = of(
        POINTS,
        by_id("POINTS", number(0, TOTAL)),
        f"points that requirements are worth, exactly; the others share what is left of {TOTAL}",
    )
    left_out: list[str] = of(
        LEFT_OUT,
        Type("a list of requirement ids", _ids, TEXTS.schema, []),
        "requirements that are not judged",
    )
    waived: dict[str, dict[str, str]] = of(
        WAIVED,
        by_id(WAIVER, Type(WAIVER, _waiver, {"type": "object"})),
        "requirements that have their points whatever the verdict, why, and to which day",
    )


def read_terms(host: str, lab: Lab, variables: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"points": {id: int}, "left_out": [id], "waived": {id: {"reason", "until"}}}``.

    A class of several kinds may leave out and waive what this lab does not have. Raises LabError
    with one sentence per problem.
    """
    problems: Problems = []
    points, left_out, waived = (
        _read(variable, host, variables.get(variable.name), problems)
        for variable in declared(Terms).values()
    )
    for name, ids in ((POINTS, points), (LEFT_OUT, left_out), (WAIVED, waived)):
        problems += _unknown(host, lab, name, ids)
    problems += _unchecked(host, lab)
    problems += _out_of_place(host, lab, points, left_out)
    problems += _wrong_sum(host, lab, points, left_out)
    if problems:
        raise LabError("\n".join(problems))
    mine = set(lab.requirements)
    return {
        "points": points,
        "left_out": [i for i in left_out if i in mine],
        "waived": {i: waiver for i, waiver in waived.items() if i in mine},
    }


def _read(variable: Variable, host: str, given: Any, problems: Problems) -> Any:
    """Return what a variable says, without what cannot be read; empty counts as not set."""
    if given in (None, "", [], {}):
        return copy(variable.default)
    found = read(variable, host, given, problems)
    if variable.type.item is None:
        return found
    return _items(f"{variable.name} of {host}", variable.type.item, found, problems)


def _items(where: str, item: Type, given: dict[str, Any], problems: Problems) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        try:
            found[name] = item.read(value)
        except ValueError as expected:
            problems.append(problem(f"{name} in {where}", str(expected), value))
    return found


def _unknown(host: str, lab: Lab, variable: str, ids: Iterable[str]) -> Problems:
    known = every_requirement() | set(lab.requirements)
    where = f"{variable} of {host}"
    return [
        f"{where}: there is no requirement {name!r:.80}{_near(name, known)}: correct it."
        for name in ids
        if name not in known
    ]


def _unchecked(host: str, lab: Lab) -> Problems:
    """What has no check would count for nothing, in silence."""
    known = set(rubric())
    return [
        f"lab_requirements of {host}: there is no check for {name!r:.80}{_near(name, known)}: "
        "correct it, or add the check."
        for name in lab.requirements
        if name not in known
    ]


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=3)
    return f", near it {'are' if len(near) > 1 else 'is'} {', '.join(near)}" if near else ""


def _out_of_place(host: str, lab: Lab, points: dict[str, int], left_out: list[str]) -> Problems:
    lacked = [i for i in points if i in every_requirement() - set(lab.requirements)]
    both = [i for i in points if i in left_out]
    return [
        *(
            f"{POINTS} of {host}: its kind, {lab.kind}, does not have {i}: remove it there."
            for i in lacked
        ),
        *(f"{i} of {host} is both in {POINTS} and in {LEFT_OUT}: choose one." for i in both),
    ]


def _wrong_sum(host: str, lab: Lab, points: dict[str, int], left_out: list[str]) -> Problems:
    graded = [i for i in lab.requirements if i not in left_out]
    if not graded:
        return [f"{LEFT_OUT} of {host} leaves nothing to grade: keep at least one requirement."]
    total = sum(points.values())
    if total > TOTAL:
        return [f"{POINTS} of {host} come to {total}, a lab has {TOTAL}: take some away."]
    if total < TOTAL and set(graded) <= set(points):
        return [
            f"{POINTS} of {host} name every requirement but come to {total}, a lab has {TOTAL}: "
            "add some, or leave one open."
        ]
    return []
