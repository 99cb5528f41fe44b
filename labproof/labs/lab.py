"""What a lab is: its parts together, and who it is for."""

from __future__ import annotations

from inspect import isclass
from typing import Any, Self

import attrs
from attrs import frozen

from labproof.labs import parts
from labproof.labs.declaring import Variable, declared, of
from labproof.labs.flows import FLOWS
from labproof.labs.values import LABEL, SWITCH, TEXT, TEXTS, one_of


class LabError(ValueError):
    """The inventory does not describe a lab; the message holds one sentence per problem."""


@frozen
class Lab:
    """One lab of one learner, complete: every default filled in, every name allowed by AWS."""

    host: str
    source: parts.Source
    destination: parts.Destination
    table: parts.Table
    key: parts.Key
    trail: parts.Trail
    role: parts.Role
    function: parts.Function
    trigger: parts.Trigger
    logs: parts.Logs
    topic: parts.Topic
    stack: parts.Stack
    client: parts.Client
    kind: str = of(
        "lab_kind",
        TEXT,
        "the name of the kind that a group describes by itself",
        kinds="set by a group of its own kind only",
    )
    learner: str = of(
        "lab_learner",
        LABEL,
        "whose lab it is, a text or a whole number",
        derive=lambda values: values["inventory_hostname"],
        default_text="the host's name",
    )
    flow: str = of("lab_flow", one_of(tuple(FLOWS)), "what an upload does, and so how it is proved")
    hardened: bool = of(
        "lab_hardened", SWITCH, "whether the lab is built to an auditor's list as well"
    )
    requirements: tuple[str, ...] = of(
        "lab_requirements",
        TEXTS,
        "the ids to check, besides those of every lab",
        kinds="the ids on each kind's page",
    )

    @classmethod
    def of_values(cls, host: str, values: dict[str, Any]) -> Self:
        """Build a lab of values by variable; what has none there is empty."""
        made = {name: part(**_given(part, values)) for name, part in PARTS.items()}
        return cls(host=host, **made, **_given(cls, values))

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Self:
        """Build a lab of what :meth:`as_data` returned, or JSON made of it."""
        made = {name: part(**_tuples(data[name])) for name, part in PARTS.items()}
        return cls(**_tuples(data) | made)

    def as_data(self) -> dict[str, Any]:
        """Return plain data: a mapping for each part, empty where the lab does not have it."""
        return attrs.asdict(self, value_serializer=lambda _, __, value: _listed(value))

    def names(self) -> dict[str, Any]:
        """Return each variable's value by its name without ``lab_``, as hints and faults say it."""
        return {
            variable.name.removeprefix("lab_"): getattr(holder, field)
            for holder in (self, *(getattr(self, name) for name in PARTS))
            for field, variable in declared(type(holder)).items()
        }


# The class of each part of a lab, by its name there
PARTS: dict[str, Any] = {
    field.name: field.type
    for field in attrs.fields(attrs.resolve_types(Lab))
    if isclass(field.type) and issubclass(field.type, parts.Part)
}
# Every variable that describes a lab, by its name
VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for part in (Lab, *PARTS.values())
    for variable in declared(part).values()
}


def _given(part: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {field: values[variable.name] for field, variable in declared(part).items()}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
