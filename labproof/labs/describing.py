"""What describes a lab for others, made from the declaration of its variables."""

from __future__ import annotations

from typing import Any

from labproof.labs.lab import PARTS, Lab, Variable, declared, variable


def lab_schema() -> dict[str, Any]:
    """Return the JSON Schema of a lab as data (:meth:`labproof.labs.lab.Lab.as_data`)."""
    host = {"description": "The inventory host.", "type": "string"}
    parts = {name: _object(part, {}, (part.__doc__ or "")) for name, part in PARTS.items()}
    about = "What the lab should be: the inventory's lab_* variables and its kind's defaults."
    return _object(Lab, {"host": host, **parts}, about)


def _object(part: Any, more: dict[str, Any], about: str) -> dict[str, Any]:
    own = {field.name: _value(variable(field)) for field in declared(part)}
    properties = more | own
    return {
        "description": about.splitlines()[0],
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": True,
    }


def _value(declaration: Variable) -> dict[str, Any]:
    about = f"{declaration.name} of the inventory: {declaration.meaning}."
    schema = dict(declaration.type.schema)
    # What a lab does not have is empty.
    schema.pop("minItems", None)
    return {"description": about, **schema}
