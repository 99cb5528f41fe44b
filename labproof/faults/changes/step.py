"""What a change is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Step(NamedTuple):
    """One setting that gets another value."""

    setting: str
    of: str
    value: Any


Change = Callable[..., Iterator[Step]]


def mistyped(name: str) -> str:
    """Return a name whose first character is wrong; the last ones often tell a class apart."""
    return ("y" if name.startswith("x") else "x") + name[1:]
