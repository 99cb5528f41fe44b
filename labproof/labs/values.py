"""What the value of an inventory variable may be, told once: to read it, to describe it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from attrs import frozen

YES = ("true", "yes", "on", "1")
NO = ("false", "no", "off", "0")


@frozen
class Type:
    """A type of value. ``parse`` raises ValueError for what is none; ``expected`` says what is.

    ``schema`` describes the value that was read as JSON Schema does, ``spec`` the one that is
    given as an Ansible argument spec does.
    """

    expected: str
    parse: Callable[[Any], Any]
    schema: dict[str, Any]
    spec: dict[str, Any]

    def read(self, value: Any) -> Any:
        """Return a value as what it must be. Raises ValueError with what was expected."""
        try:
            return self.parse(value)
        except ValueError:
            raise ValueError(self.expected) from None


def number(lowest: int, highest: int) -> Type:
    """Return the type of whole numbers within limits."""
    return Type(
        f"a whole number from {lowest} to {highest}",
        lambda value: _held(_whole(value), lambda found: lowest <= found <= highest),
        {"type": "integer", "minimum": lowest, "maximum": highest},
        {"type": "int"},
    )


def choice(numbers: Collection[int]) -> Type:
    """Return the type of whole numbers out of a few."""
    return Type(
        f"one of {', '.join(map(str, numbers))}",
        lambda value: _held(_whole(value), lambda found: found in numbers),
        {"enum": list(numbers)},
        {"type": "int", "choices": list(numbers)},
    )


def one_of(words: Collection[str]) -> Type:
    """Return the type of one word out of a few."""
    return Type(
        f"one of {', '.join(words)}",
        lambda value: _held(value, lambda found: found in words),
        {"enum": list(words)},
        {"type": "str", "choices": list(words)},
    )


def _text(value: Any) -> str:
    """YAML reads 007, yes and 1.10 as something else than what was written."""
    return str(_held(value, lambda found: isinstance(found, str)))


def _label(value: Any) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else _text(value)


def _switch(value: Any) -> bool:
    """The words are those that ``-e name=value`` and INI files give."""
    word = str(value).strip().lower()
    return _held(word, lambda found: found in (*YES, *NO)) in YES


def _texts(value: Any) -> tuple[str, ...]:
    listed = isinstance(value, list | tuple)
    return tuple(
        _held(value, lambda found: listed and all(isinstance(v, str) and v for v in found))
    )


def _some_texts(value: Any) -> tuple[str, ...]:
    return tuple(_held(_texts(value), bool))


def _mapping(value: Any) -> dict[Any, Any]:
    return dict(_held(value, lambda found: isinstance(found, dict)))


def _held(value: Any, holds: Callable[[Any], Any]) -> Any:
    if not holds(value):
        raise ValueError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
        return int(value)
    return int(_held(value, lambda v: isinstance(v, int) and not isinstance(v, bool)))


LIST = {"type": "array", "items": {"type": "string"}}
TEXT = Type("a text, in quotes", _text, {"type": "string"}, {"type": "str"})
LABEL = Type("a text, in quotes", _label, {"type": "string"}, {"type": "str"})
SWITCH = Type("true or false", _switch, {"type": "boolean"}, {"type": "bool"})
TEXTS = Type("a list of texts", _texts, LIST, {"type": "list", "elements": "str"})
SOME_TEXTS = Type(
    "a list of at least one text",
    _some_texts,
    LIST | {"minItems": 1},
    {"type": "list", "elements": "str"},
)
MAPPING = Type("a mapping", _mapping, {"type": "object"}, {"type": "dict"})
