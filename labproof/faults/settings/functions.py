"""Settings of the lab's function, by field; its code, its concurrency, and functions as a whole."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code
from labproof.evidence.uploads.reading import moments
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import invoking
from labproof.faults.settings.reading import ROLE_S, as_bytes, as_text, found

DOWNLOAD_S = 60
FIELDS = {
    "Environment": {"Variables": {}},
    "LoggingConfig": {"LogFormat": "Text"},
    "DeadLetterConfig": {"TargetArn": ""},
}
CARRIED = (
    *("Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "Environment"),
    *("Architectures", "DeadLetterConfig", "TracingConfig", "LoggingConfig", "EphemeralStorage"),
)


def read_field(place: Place, field: str) -> Any:
    answer = place.aws("lambda").get_function_configuration(FunctionName=place.lab.function.name)
    return answer.get(field, FIELDS.get(field))


def write_field(place: Place, field: str, value: Any) -> None:
    functions, name = place.aws("lambda"), place.lab.function.name
    settled(
        place,
        lambda: functions.update_function_configuration(FunctionName=name, **{field: value}),
    )


def read_code(place: Place, function: str) -> Any:
    """Return the package. Raises FaultError for an image, which has none."""
    code = place.aws("lambda").get_function(FunctionName=function)["Code"]
    if not code.get("Location"):
        raise FaultError(f"{function} runs an image, whose code cannot be exchanged.")
    with urllib.request.urlopen(  # noqa: S310 - AWS's own address
        code["Location"], timeout=DOWNLOAD_S, context=place.connection.tls()
    ) as answer:
        return as_text(answer.read())


def write_code(place: Place, function: str, package: Any) -> None:
    functions = place.aws("lambda")
    settled(
        place,
        lambda: functions.update_function_code(FunctionName=function, ZipFile=as_bytes(package)),
        function,
    )


def read_concurrency(place: Place, function: str) -> Any:
    answer = place.aws("lambda").get_function_concurrency(FunctionName=function)
    return answer.get("ReservedConcurrentExecutions")


def write_concurrency(place: Place, function: str, most: Any) -> None:
    functions = place.aws("lambda")
    if most is None:
        functions.delete_function_concurrency(FunctionName=function)
    else:
        functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=most)


def read_alias(place: Place, alias: str) -> Any:
    functions = place.aws("lambda")
    return functions.get_alias(FunctionName=place.lab.function.name, Name=alias)["FunctionVersion"]


def write_alias(place: Place, alias: str, version: Any) -> None:
    place.aws("lambda").update_alias(
        FunctionName=place.lab.function.name, Name=alias, FunctionVersion=version
    )


def read_function(place: Place, function: str) -> Any:
    """Return a function as it can be made again. Raises FaultError for what cannot."""
    functions = place.aws("lambda")
    answer = found(lambda: functions.get_function(FunctionName=function))
    if answer is None:
        return None
    if functions.list_aliases(FunctionName=function).get("Aliases"):
        raise FaultError(f"{function} has aliases, which could not be made again as they are.")
    config = answer["Configuration"]
    return {
        **{name: config[name] for name in CARRIED if config.get(name)},
        "Layers": [layer["Arn"] for layer in config.get("Layers", [])],
        "Tags": answer.get("Tags", {}),
        "code": read_code(place, function),
        "policy": invoking.read_policy(place, function),
        "concurrency": read_concurrency(place, function),
    }


def write_function(place: Place, function: str, wanted: Any) -> None:
    """Make the function anew; None leaves none."""
    functions = place.aws("lambda")
    found(lambda: functions.delete_function(FunctionName=function))
    if wanted is None:
        return
    kept = {n: v for n, v in wanted.items() if n[0].isupper() and v}
    package = {"ZipFile": as_bytes(wanted["code"])}
    settled(
        place,
        lambda: functions.create_function(FunctionName=function, Code=package, **kept),
        function,
    )
    if wanted.get("policy"):
        invoking.write_policy(place, function, wanted["policy"])
    if wanted.get("concurrency") is not None:
        write_concurrency(place, function, wanted["concurrency"])


def settled(place: Place, change: Callable[[], Any], function: str = "") -> None:
    """Change a function and wait until it is done; a role that is new to Lambda takes a while."""
    for _ in moments(ROLE_S):
        try:
            change()
            break
        except ClientError as error:
            code, message = error_code(error), str(error)
            again = "cannot be assumed" in message or code == "ResourceConflictException"
            if not again:
                raise
    else:
        raise FaultError(f"{place.lab.function.name} could not be changed within {ROLE_S:.0f} s.")
    waiter = place.aws("lambda").get_waiter("function_updated_v2")
    waiter.wait(FunctionName=function or place.lab.function.name, WaiterConfig={"Delay": 1})


SETTINGS = {
    "function_field": (read_field, write_field),
    "function_code": (read_code, write_code),
    "function_concurrency": (read_concurrency, write_concurrency),
    "function_alias": (read_alias, write_alias),
    "function": (read_function, write_function),
}
