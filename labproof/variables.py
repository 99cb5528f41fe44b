"""Read an inventory variable as what it must be; raises ValueError with what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

YES = ("true", "yes", "on", "1")
NO = ("false", "no", "off", "0")

Reader = Callable[[Any], Any]


def text(value: Any) -> str:
    """Accept a text alone: YAML reads 007, yes and 1.10 as something else than what was written."""
    if not isinstance(value, str):
        raise ValueError("a text, in quotes")
    return value


def label(value: Any) -> str:
    """Accept a text or a whole number, such as a student's."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value)


def switch(value: Any) -> bool:
    """Accept true or false, also in the words that ``-e name=value`` and INI files give."""
    word = str(value).strip().lower()
    if word not in (*YES, *NO):
        raise ValueError("true or false")
    return word in YES


def number(lowest: int, highest: int) -> Reader:
    """Return a reader of whole numbers within limits."""

    def read(value: Any) -> int:
        found = _whole(value)
        if found is None or not lowest <= found <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return found

    return read


def choice(numbers: Collection[int]) -> Reader:
    """Return a reader of whole numbers out of a few."""

    def read(value: Any) -> int:
        found = _whole(value)
        if found is None or found not in numbers:
            raise ValueError(f"one of {', '.join(map(str, numbers))}")
        return found

    return read


def one_of(words: Collection[str]) -> Reader:
    """Return a reader of one word out of a few."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return str(value)

    return read


def texts(value: Any) -> tuple[str, ...]:
    """Accept a list of texts; one text alone is no list."""
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise ValueError("a list of texts")
    return tuple(value)


def some_texts(value: Any) -> tuple[str, ...]:
    """Accept a list of at least one text."""
    found = texts(value)
    if not found:
        raise ValueError("a list of at least one text")
    return found


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
