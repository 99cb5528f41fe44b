"""Faults of who may invoke the function."""

from __future__ import annotations

from collections.abc import Iterator

from labproof.faults.changes.step import Step
from labproof.faults.changes.triggers import alias_of
from labproof.faults.place import Place
from labproof.faults.settings import invoking

OWN = "labproof-fault"
CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
}


def permission(
    place: Place, add: dict[str, str] | None = None, only: dict[str, str] | None = None
) -> Iterator[Step]:
    """The function's policy has this statement only, has it too, or has none at all.

    A statement is given as ``{"Principal", "SourceArn", "SourceAccount"}``, as AddPermission
    takes it.
    """
    alias = alias_of(place)
    name = f"{place.lab.function.name}:{alias}" if alias else place.lab.function.name
    before = invoking.read_policy(place, name) if add else []
    given = [statement(place, one, alias) for one in (add, only) if one]
    yield Step("invoke_policy", name, [*before, *given])


def statement(place: Place, given: dict[str, str], alias: str) -> invoking.Statement:
    """Return a statement as GetPolicy gives it."""
    who = given["Principal"]
    arn = place.words["function_arn"]
    conditions = {CONDITIONS[n][0]: {CONDITIONS[n][1]: given[n]} for n in CONDITIONS if n in given}
    return {
        "Sid": OWN,
        "Effect": "Allow",
        "Principal": {"Service": who} if who.endswith(".com") else who,
        "Action": "lambda:InvokeFunction",
        "Resource": f"{arn}:{alias}" if alias else arn,
        **({"Condition": conditions} if conditions else {}),
    }


CHANGES = {"permission": permission}
