"""Functions beside the lab's own, or in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.parts.function import FUNCTION, name_of
from labproof.faults.parts.permission import statement
from labproof.faults.parts.role import LOGS, own_role
from labproof.faults.parts.trigger import TARGETS, notification
from labproof.faults.place import Place
from labproof.faults.policies import allow
from labproof.faults.setting import Setting, Step, as_text, mistyped, named
from labproof.labs.package import zip_bytes

TIMEOUT_S = 30
EVERY_UPLOAD = ["s3:ObjectCreated:*"]


def function_misnamed(place: Place) -> Iterator[Step]:
    """The function has another name, under which the bucket notifies it."""
    name = mistyped(name_of(place))
    yield Step("function", name, copied(place))
    yield from notification(place, function=place.arn("function", name))
    yield Step("function", name_of(place), None)


def other_function(place: Place, name: str) -> Iterator[Step]:
    """There is another function, a copy of the lab's."""
    yield Step("function", name, {**copied(place), "policy": [], "concurrency": None})


def copied(place: Place) -> dict[str, Any]:
    """Return the lab's function to be made under another name, with a log group of its own."""
    found = FUNCTION.read(place, name_of(place))
    return {name: value for name, value in found.items() if name != "LoggingConfig"}


def on_copies(place: Place, text: str, actions: list[str]) -> Iterator[Step]:
    """Another function, whose code is this text, works on each new object among the copies."""
    bucket, arn = place.bucket("destination"), place.arn("bucket", place.bucket("destination"))
    role = yield from own_role(place, LOGS, allow(actions, f"{arn}/*"))
    limits = {"SourceArn": arn, "SourceAccount": place.identity["account"]}
    function = {
        "Runtime": place.lab.function.runtime,
        "Role": role,
        "Handler": "app.lambda_handler",
        "Timeout": TIMEOUT_S,
        "code": as_text(zip_bytes({"app.py": text})),
        "policy": [statement(place, {"Principal": "s3.amazonaws.com", **limits})],
    }
    yield Step("function", place.own_name, function)
    target = {"LambdaFunctionArn": place.arn("function", place.own_name), "Events": EVERY_UPLOAD}
    yield Step("bucket_notification", bucket, {TARGETS: [target]})


SETTINGS: dict[str, Setting] = {}  # its settings are those of the lab's own
CHANGES = named(function_misnamed, other_function, on_copies)
