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
