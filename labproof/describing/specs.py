"""The argument spec of the role that reads the inventory's variables."""

from __future__ import annotations

import re
from typing import Any

import yaml

from labproof.aws.connection import Connection
from labproof.describing.words import default, value_is
from labproof.labs.declaring import Variable, declared
from labproof.labs.lab import VARIABLES

HEAD = """\
# Made by `python -m labproof.describing` from the declarations of the variables.
# All but texts is raw, for Ansible would refuse it in words of its own, one variable at a time: the
# role reads it, and says all that is wrong with a lab at once.
"""
ROLES_OWN = {
    "lab_building": {"type": "bool", "description": "Whether the lab is about to be built"}
}


def lab_role_spec(_: str) -> str:
    """Return the argument spec of ``roles/lab``, never stricter than what reads the variables."""
    variables = (*VARIABLES.values(), *declared(Connection).values())
    options = ROLES_OWN | {variable.name: _option(variable) for variable in variables}
    main = {"short_description": "Check one lab before it is touched", "options": options}
    return HEAD + yaml.safe_dump({"argument_specs": {"main": main}}, sort_keys=False, width=90)


def _option(variable: Variable) -> dict[str, Any]:
    text = variable.type.schema["type"] == "string"
    plain = text and "enum" not in variable.type.schema
    parts = (
        variable.meaning,
        "" if plain else value_is(variable),
        f"default {said}" if (said := default(variable)) else "",
    )
    return {
        "type": "str" if text else "raw",
        "description": _ansible("; ".join(filter(None, parts))),
        **({"no_log": True} if variable.secret else {}),
    }


def _ansible(text: str) -> str:
    """Return a phrase as a sentence in Ansible's markup."""
    return re.sub("`(.+?)`", r"C(\1)", text[0].upper() + text[1:])
