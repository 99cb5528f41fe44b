"""Faults of the function: its code, its configuration, its role."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from labproof.faults.changes.invoking import statement
from labproof.faults.changes.roles import OWN, policy
from labproof.faults.changes.step import Step, mistyped
from labproof.faults.changes.triggers import TARGETS, alias_of, notification
from labproof.faults.handlers import handler_source
from labproof.faults.place import Place
from labproof.faults.settings import functions, roles
from labproof.faults.settings.reading import as_text
from labproof.labs.package import zip_bytes

LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
LOGS = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
TIMEOUT_S = 30
EVERY_UPLOAD = ["s3:ObjectCreated:*"]


def function_gone(place: Place) -> Iterator[Step]:
    yield Step("function", place.lab.function.name, None)


def function_misnamed(place: Place) -> Iterator[Step]:
    """The function has another name, under which the bucket notifies it."""
    name = mistyped(place.lab.function.name)
    yield Step("function", name, copied(place))
    yield from notification(place, function=arn_of(place, name))
    yield from function_gone(place)


def other_function(place: Place, name: str) -> Iterator[Step]:
    """There is another function, a copy of the lab's."""
    yield Step("function", name, {**copied(place), "policy": [], "concurrency": None})


def copied(place: Place) -> dict[str, Any]:
    """Return the lab's function to be made under another name, with a log group of its own."""
    found = functions.read_function(place, place.lab.function.name)
    return {name: value for name, value in found.items() if name != "LoggingConfig"}


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
    arn = yield from own_role(place, LOGS)
    yield from configuration(place, Role=arn)


def copied_role(place: Place) -> Iterator[Step]:
    """The function runs as another role that has all that the lab's role has."""
    name, copy = own_name(place), roles.read_role(place, place.lab.role.name)
    yield Step("role", name, copy)
    yield from configuration(place, Role=f"{place.words['iam']}:role{copy['Path']}{name}")


def own_role(place: Place, *statements: dict[str, Any]) -> Generator[Step, None, str]:
    """Make another role for Lambda with these rights; return its ARN."""
    name, trust = own_name(place), policy(LAMBDA | {"Action": "sts:AssumeRole"})
    yield Step("role", name, {"trust": trust, "inline": {OWN: policy(*statements)}})
    return f"{place.words['iam']}:role/{name}"


def own_name(place: Place) -> str:
    return f"{OWN}-{place.lab.host}"[:64]


def on_copies(place: Place, text: str, actions: list[str]) -> Iterator[Step]:
    """Another function, whose code is this text, works on each new object among the copies."""
    bucket, arn = place.bucket("destination"), place.words["destination_arn"]
    rights = {"Effect": "Allow", "Action": actions, "Resource": f"{arn}/*"}
    role = yield from own_role(place, LOGS, rights)
    limits = {"SourceArn": arn, "SourceAccount": place.words["account"]}
    function = {
        "Runtime": place.lab.function.runtime,
        "Role": role,
        "Handler": "app.lambda_handler",
        "Timeout": TIMEOUT_S,
        "code": as_text(zip_bytes({"app.py": text})),
        "policy": [statement(place, {"Principal": "s3.amazonaws.com", **limits}, "")],
    }
    yield Step("function", own_name(place), function)
    target = {"LambdaFunctionArn": arn_of(place, own_name(place)), "Events": EVERY_UPLOAD}
    yield Step("bucket_notification", bucket, {TARGETS: [target]})


def arn_of(place: Place, function: str) -> str:
    """Return the ARN of another function in the lab's place."""
    return f"{place.words['function_arn'].removesuffix(place.lab.function.name)}{function}"


def log_group_gone(place: Place) -> Iterator[Step]:
    yield Step("log_group", f"/aws/lambda/{place.lab.function.name}", None)


def concurrency(place: Place, most: int) -> Iterator[Step]:
    """No more than so many invocations may run at a time."""
    yield Step("function_concurrency", place.lab.function.name, most)


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
    yield Step("function_code", place.lab.function.name, as_text(zip_bytes(files)))


def latest(place: Place) -> Iterator[Step]:
    """Where an alias is invoked, let it stand for the code and settings that can be changed."""
    if alias := alias_of(place):
        yield Step("function_alias", alias, "$LATEST")


CHANGES = {
    "function-gone": function_gone,
    "function-misnamed": function_misnamed,
    "other-function": other_function,
    "configuration": configuration,
    "handler": handler,
    "environment": environment,
    "log-group-gone": log_group_gone,
    "other-role": other_role,
    "copied-role": copied_role,
    "on-copies": on_copies,
    "concurrency": concurrency,
    "code": code,
    "text": text,
}
