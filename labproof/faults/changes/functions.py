"""Faults of the function: its code, its configuration, its role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.roles import OWN, policy
from labproof.faults.changes.step import Step
from labproof.faults.changes.triggers import alias_of
from labproof.faults.handlers import handler_source
from labproof.faults.place import Place
from labproof.faults.settings import functions
from labproof.faults.settings.reading import as_text
from labproof.package import zip_bytes

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}


def function_gone(place: Place) -> Iterator[Step]:
    yield Step("function", place.lab.function, None)


def other_function(place: Place, name: str) -> Iterator[Step]:
    """There is another function, a copy of the lab's."""
    copy = functions.read_function(place, place.lab.function)
    yield Step("function", name, {**copy, "policy": [], "concurrency": None})


def configuration(place: Place, **fields: Any) -> Iterator[Step]:
    """Some settings of the function are others, by the names of UpdateFunctionConfiguration."""
    yield from latest(place)
    for field, value in fields.items():
        yield Step("function_field", field, value)


def handler(place: Place, file: str = "", function: str = "") -> Iterator[Step]:
    """The handler names another file or another function."""
    module, _, name = str(functions.read_field(place, "Handler")).rpartition(".")
    yield from configuration(place, Handler=f"{file or module}.{function or name}")


def environment(
    place: Place, add: dict[str, str] | None = None, remove: list[str] | None = None
) -> Iterator[Step]:
    """Environment variables are set to something else, or missing."""
    before = functions.read_field(place, "Environment")["Variables"]
    kept = {name: value for name, value in before.items() if name not in (remove or [])}
    yield from configuration(place, Environment={"Variables": kept | (add or {})})


def other_role(place: Place) -> Iterator[Step]:
    """The function runs as another role, which may write logs only."""
    name = f"{OWN}-{place.lab.host}"[:64]
    logs = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    trust = policy(LAMBDA | {"Action": "sts:AssumeRole"})
    yield Step("role", name, {"trust": trust, "inline": {"logs": policy(logs)}})
    yield from configuration(place, Role=f"{place.words['iam']}:role/{name}")


def log_group_gone(place: Place) -> Iterator[Step]:
    yield Step("log_group", f"/aws/lambda/{place.lab.function}", None)


def concurrency(place: Place, most: int) -> Iterator[Step]:
    """No more than so many invocations may run at a time."""
    yield Step("function_concurrency", place.lab.function, most)


def code(place: Place, edits: dict[str, str] | None = None) -> Iterator[Step]:
    """The code is a plain handler of ours with some texts replaced by others."""
    handler = str(functions.read_field(place, "Handler"))
    yield from package(place, handler_source(place.lab, handler, edits or {}))


def text(place: Place, text: str) -> Iterator[Step]:
    """The code is this text."""
    handler = str(functions.read_field(place, "Handler"))
    path = handler.rpartition(".")[0].replace(".", "/")
    yield from package(place, {f"{path}.py": text})


def package(place: Place, files: dict[str, str]) -> Iterator[Step]:
    yield from latest(place)
    yield Step("function_code", place.lab.function, as_text(zip_bytes(files)))


def latest(place: Place) -> Iterator[Step]:
    """Where an alias is invoked, let it stand for the code and settings that can be changed."""
    if alias := alias_of(place):
        yield Step("function_alias", alias, "$LATEST")


CHANGES = {
    "function-gone": function_gone,
    "other-function": other_function,
    "configuration": configuration,
    "handler": handler,
    "environment": environment,
    "log-group-gone": log_group_gone,
    "other-role": other_role,
    "concurrency": concurrency,
    "code": code,
    "text": text,
}
