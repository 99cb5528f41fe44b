"""What a variable's value and default are, in words that may hold code in backticks."""

from __future__ import annotations

from typing import Any

from labproof.labs.declaring import Variable


def value_is(variable: Variable) -> str:
    """Say what a value must be."""
    expected = variable.type.expected
    return f"`{expected}`" if expected.startswith("{") else expected


def default(variable: Variable) -> str:
    """Say what the value is where neither inventory nor kind gives one; of none, nothing."""
    return variable.default_text or shown(variable.default)


def shown(value: Any) -> str:
    """Show a value; of a mapping its keys, of an empty one nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`" if value else ""
