"""The JSON Schema of a lab, as the snapshot's schema holds it."""

from __future__ import annotations

import json
from typing import Any

from labproof.labs.declaring import Variable, declared
from labproof.labs.lab import PARTS, Lab


def with_lab_schema(text: str) -> str:
    """Return the snapshot's schema with the lab's part as the declarations have it."""
    schema = json.loads(text)
    schema["properties"]["lab"] = lab_schema()
    return json.dumps(schema, indent=2) + "\n"


def lab_schema() -> dict[str, Any]:
    """Return the schema of a lab as data (:meth:`labproof.labs.lab.Lab.as_data`)."""
    host = {"description": "The inventory host.", "type": "string"}
    parts = {name: _object(part, {}, part.__doc__) for name, part in PARTS.items()}
    about = "What the lab should be: the inventory's lab_* variables and its kind's defaults."
    return _object(Lab, {"host": host, **parts}, about)


def _object(holder: Any, more: dict[str, Any], about: str) -> dict[str, Any]:
    properties = more | {field: _value(v) for field, v in declared(holder).items()}
    return {
        "description": about.splitlines()[0],
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": True,
    }


def _value(variable: Variable) -> dict[str, Any]:
    about = f"{variable.name} of the inventory: {variable.meaning}."
    # What a lab does not have is empty.
    schema = {key: value for key, value in variable.type.schema.items() if key != "minItems"}
    return {"description": about, **schema}
