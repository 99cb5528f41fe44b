"""What the value of an inventory variable may be: to read it, and to describe it."""

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

    ``schema`` describes the value that was read, as JSON Schema does; ``empty`` is that of nothing.
    Values below an ``item`` are read one by one, so that each may have a sentence of its own.
    """

    expected: str
    parse: Callable[[Any], Any]
    schema: dict[str, Any]
    empty: Any = None
    item: Type | None = None

    def read(self, value: Any) -> Any:
        """Return a value as what it must be. Raises ValueError with what was expected."""
        try:
            return self.parse(value)
        except ValueError as error:
            raise ValueError(str(error) or self.expected) from None


def number(lowest: int, highest: int) -> Type:
    """Return the type of whole numbers within limits."""
    return Type(
        f"a whole number from {lowest} to {highest}",
        lambda value: _held(_whole(value), lambda found: lowest <= found <= highest),
        {"type": "integer", "minimum": lowest, "maximum": highest},
    )


def choice(numbers: Collection[int]) -> Type:
    """Return the type of whole numbers out of a few."""
    return Type(
        f"one of {', '.join(map(str, numbers))}",
        lambda value: _held(_whole(value), lambda found: found in numbers),
        {"type": "integer", "enum": list(numbers)},
    )


def one_of(words: Collection[str]) -> Type:
    """Return the type of one word out of a few."""
    return Type(
        f"one of {', '.join(words)}",
        lambda value: _held(value, lambda found: found in words),
        {"type": "string", "enum": list(words)},
    )


def by_id(form: str, item: Type) -> Type:
    """Return the type of a mapping of requirement ids; its ``item`` is yet to be read."""
    schema = {"type": "object", "additionalProperties": item.schema}
    return Type(f"{{id: {form}}}", _named, schema, {}, item)


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


def _named(value: Any) -> dict[str, Any]:
    named = all(isinstance(name, str) for name in _mapping(value))
    return _mapping(_held(value, lambda _: named))


def _grants(value: Any) -> dict[Any, list[Any]]:
    listed = all(isinstance(grants, list) for grants in _mapping(value).values())
    return _mapping(_held(value, lambda _: listed))


LIST = {"type": "array", "items": {"type": "string"}}
TEXT = Type("a text, in quotes", _text, {"type": "string"}, "")
LABEL = Type("a text, in quotes", _label, {"type": "string"}, "")
# YAML makes a number of an account that is not in quotes.
ANY_TEXT = Type("a text", str, {"type": "string"})
SWITCH = Type("true or false", _switch, {"type": "boolean"}, False)
TEXTS = Type("a list of texts", _texts, LIST, ())
SOME_TEXTS = Type("a list of at least one text", _some_texts, LIST | {"minItems": 1}, ())
# What these may name depends on the lab: see references.py.
GRANTS = Type("{policy name: [{actions: [...], on: TARGET}]}", _grants, {"type": "object"}, {})
ENVIRONMENT = Type("{VARIABLE: PART}", lambda value: value, {"type": "object"}, {})
