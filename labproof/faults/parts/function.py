"""The lab's function, by field; its code, its concurrency, its alias; and functions as a whole."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code
from labproof.evidence.uploads.clock import moments
from labproof.faults.errors import FaultError
from labproof.faults.handlers import handler_source
from labproof.faults.parts.permission import PERMISSIONS
from labproof.faults.parts.trigger import alias_of
from labproof.faults.place import FRESH_ROLE_S, Place
from labproof.faults.setting import Setting, Step, as_bytes, as_text, named, sets, stored, whole
from labproof.labs.package import zip_bytes

DOWNLOAD_S = 60
DEFAULTS = {
    "Environment": {"Variables": {}},
    "LoggingConfig": {"LogFormat": "Text"},
    "DeadLetterConfig": {"TargetArn": ""},
}
CARRIED = (
    *("Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "Environment"),
    *("Architectures", "DeadLetterConfig", "TracingConfig", "LoggingConfig", "EphemeralStorage"),
)


def read_field(place: Place, field: str) -> Any:
    answer = place.aws("lambda").get_function_configuration(FunctionName=name_of(place))
    return answer.get(field, DEFAULTS.get(field))


def write_field(place: Place, field: str, value: Any) -> None:
    settle(place, name_of(place), "update_function_configuration", **{field: value})


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
    settle(place, function, "update_function_code", ZipFile=as_bytes(package))


def read_alias(place: Place, alias: str) -> Any:
    answer = place.aws("lambda").get_alias(FunctionName=name_of(place), Name=alias)
    return answer["FunctionVersion"]


def write_alias(place: Place, alias: str, version: Any) -> None:
    place.aws("lambda").update_alias(
        FunctionName=name_of(place), Name=alias, FunctionVersion=version
    )


def read_function(place: Place, function: str) -> Any:
    """Return a function as it can be made again. Raises FaultError for what cannot."""
    functions = place.aws("lambda")
    answer = functions.get_function(FunctionName=function)
    if functions.list_aliases(FunctionName=function).get("Aliases"):
        raise FaultError(f"{function} has aliases, which could not be made again as they are.")
    config = answer["Configuration"]
    return {
        **{name: config[name] for name in CARRIED if config.get(name)},
        "Layers": [layer["Arn"] for layer in config.get("Layers", [])],
        "Tags": answer.get("Tags", {}),
        "code": read_code(place, function),
    }


def make_function(place: Place, function: str, wanted: Any) -> None:
    kept = {name: value for name, value in wanted.items() if name[0].isupper() and value}
    package = {"ZipFile": as_bytes(wanted["code"])}
    settle(place, function, "create_function", Code=package, **kept)


def remove_function(place: Place, function: str) -> None:
    place.aws("lambda").delete_function(FunctionName=function)


def settle(place: Place, function: str, operation: str, **request: Any) -> None:
    """Change a function and wait until it is done; a role that is new to Lambda takes a while."""
    functions = place.aws("lambda")
    for _ in moments(FRESH_ROLE_S):
        try:
            getattr(functions, operation)(FunctionName=function, **request)
            break
        except ClientError as error:
            busy = error_code(error) == "ResourceConflictException"
            if not busy and "cannot be assumed" not in str(error):
                raise
    else:
        raise FaultError(f"{function} could not be changed within {FRESH_ROLE_S:.0f} s.")
    waiter = functions.get_waiter("function_updated_v2")
    waiter.wait(FunctionName=function, WaiterConfig={"Delay": 1})


def name_of(place: Place) -> str:
    return place.lab.function.name


def latest(place: Place) -> Iterator[Step]:
    """Where an alias is invoked, let it stand for the code and settings that can be changed."""
    if alias := alias_of(place):
        yield Step("function_alias", alias, "$LATEST")


def configuration(place: Place, **fields: Any) -> Iterator[Step]:
    """Some settings of the function are others, by the names of UpdateFunctionConfiguration."""
    yield from latest(place)
    for field, value in fields.items():
        yield Step("function_field", field, value)


def handler(place: Place, file: str = "", function: str = "") -> Iterator[Step]:
    """The handler names another file or another function."""
    module, _, name = str(read_field(place, "Handler")).rpartition(".")
    yield from configuration(place, Handler=f"{file or module}.{function or name}")


def environment(
    place: Place, add: dict[str, str] | None = None, remove: list[str] | None = None
) -> Iterator[Step]:
    """Environment variables are set to something else, or missing."""
    before = read_field(place, "Environment")["Variables"]
    kept = {name: value for name, value in before.items() if name not in (remove or [])}
    yield from configuration(place, Environment={"Variables": kept | (add or {})})


def concurrency(place: Place, most: int) -> Iterator[Step]:
    """No more than so many invocations may run at a time."""
    yield Step("function_concurrency", name_of(place), most)


def code(place: Place, edits: dict[str, str] | None = None) -> Iterator[Step]:
    """The code is a plain handler of ours with some texts replaced by others."""
    handler = str(read_field(place, "Handler"))
    yield from package(place, handler_source(place.lab, handler, edits or {}))


def text(place: Place, text: str) -> Iterator[Step]:
    """The code is this text."""
    path = str(read_field(place, "Handler")).rpartition(".")[0].replace(".", "/")
    yield from package(place, {f"{path}.py": text})


def package(place: Place, files: dict[str, str]) -> Iterator[Step]:
    yield from latest(place)
    yield Step("function_code", name_of(place), as_text(zip_bytes(files)))


CONCURRENCY = stored(
    "lambda", "FunctionName", "function_concurrency", "ReservedConcurrentExecutions"
)
FUNCTION = whole(
    read_function, make_function, remove_function, policy=PERMISSIONS, concurrency=CONCURRENCY
)
SETTINGS = {
    "function_field": Setting(read_field, write_field),
    "function_code": Setting(read_code, write_code),
    "function_concurrency": CONCURRENCY,
    "function_alias": Setting(read_alias, write_alias),
    "function": FUNCTION,
}
CHANGES = {
    **named(configuration, handler, environment, concurrency, code, text),
    "function-gone": sets("function", name_of, None),
}
