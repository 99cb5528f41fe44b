"""How a variable of the inventory is declared: once, as the field that its value goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import attrs
from attrs import frozen

from labproof.labs.values import Type

# Where a name may stand only once: bucket names in all of AWS, others within an account.
ACCOUNT, EVERYWHERE = "account", "everywhere"
Rule = Callable[[str], str | None]
Values = Mapping[str, Any]


@frozen
class Variable:
    """A variable of the inventory: its type, its default, what it means.

    ``rule`` says what AWS refuses in a name, ``unique`` where two labs may not share it. A variable
    with a ``flow`` is for labs of that flow alone, one with ``needs`` for labs where that variable
    has a value. ``derive`` makes the default of other values, ``default_text`` says it, and
    ``kinds`` what the kinds give, where a list would be too long. A ``secret`` is never shown.
    """

    name: str
    type: Type
    meaning: str
    default: Any = attrs.field(default=attrs.Factory(lambda self: self.type.empty, takes_self=True))
    rule: Rule | None = None
    unique: str = ""
    flow: str = ""
    needs: str = ""
    derive: Callable[[Values], Any] | None = None
    default_text: str = ""
    kinds: str = ""
    secret: bool = False

    def names(self, value: Any) -> list[Any]:
        """Return the names that a value of this variable holds: none, one, or several."""
        return list(value) if isinstance(value, list | tuple) else [value] if value else []


def of(name: str, type_: Type, meaning: str, **more: Any) -> Any:
    """Return a field whose value is that of an inventory variable; ``more`` as Variable has it."""
    declaration = Variable(name, type_, meaning, **more)
    return attrs.field(
        default=attrs.Factory(lambda: copy(declaration.default)),
        repr=not declaration.secret,
        metadata={"variable": declaration},
    )


def declared(holder: Any) -> dict[str, Variable]:
    """Return the variables that the fields of a class are values of: ``{field: variable}``."""
    return {
        field.name: field.metadata["variable"]
        for field in attrs.fields(holder)
        if "variable" in field.metadata
    }


def problem(what: str, expected: str, found: Any) -> str:
    """Say what a value must be."""
    return f"{what} must be {expected}, found {found!r:.80}: correct it."


def read(variable: Variable, host: str, given: Any, problems: list[str]) -> Any:
    """Return what a variable's value says; if nothing, add a problem and return the default."""
    try:
        return variable.type.read(given)
    except ValueError as expected:
        problems.append(problem(f"{variable.name} of {host}", str(expected), given))
        return copy(variable.default)
