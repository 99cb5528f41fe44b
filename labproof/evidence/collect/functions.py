"""Functions: configuration, code, and who may invoke them, under each name that they go by."""

from __future__ import annotations

import re
from typing import Any

from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import (
    Reader,
    call,
    document,
    items,
    nothing,
    paged,
)
from labproof.evidence.collect.code import Download
from labproof.evidence.redaction import ACCESS_KEY, redact
from labproof.labs.package import PLACEHOLDER

# A variable whose name ends so names a bucket, a table or a topic, and is no secret.
NAMING = re.compile(r"(TABLE|BUCKET|TOPIC)(_?(NAME|ARN))?$", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9._:/-]{1,255}")
SECRET_NAMES = re.compile(
    r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY", re.IGNORECASE
)
KEY_NAMES = re.compile(r"AWS_?(ACCESS|SECRET)|ACCESS_?KEY|SECRET_?KEY", re.IGNORECASE)
MOST_VARIABLES, LONGEST_VARIABLE = 100, 200
MOST_ALIASES = 20


def function(name: str) -> Reader:
    """Read a function; None when it does not exist."""
    found, policy = yield [
        call("lambda", "get_function", FunctionName=name),
        call("lambda", "get_policy", "Policy", FunctionName=name),
    ]
    if nothing(found):
        return found
    config = found["Configuration"]
    location = found.get("Code", {}).get("Location")
    code = yield from _code(location, config.get("Handler") or "")
    return {
        **_configuration(name, config),
        "policy": document(policy, "get_policy"),
        **code,
    }


def survey(name: str) -> Reader:
    """Read no more of a function than whose it is."""
    (found,) = yield [call("lambda", "get_function", FunctionName=name)]
    if nothing(found):
        return found
    return {"name": name, "arn": found["Configuration"]["FunctionArn"], "tags": _tags(found)}


def aliases(name: str) -> Reader:
    """Read a function's aliases, with who may invoke it by each."""
    (pages,) = yield [paged("lambda", "list_aliases", 1, FunctionName=name)]
    listed = items(pages, "Aliases")
    if is_error(listed):
        return listed
    found = {a["Name"]: (a["AliasArn"], a.get("FunctionVersion")) for a in listed[:MOST_ALIASES]}
    return (yield from qualified(name, found))


def qualified(name: str, versions: dict[str, tuple[str, str | None]]) -> Reader:
    """Read who may invoke a function under other names, given as ``{qualifier: (ARN, version)}``.

    Returns ``[{"name", "arn", "version", "policy"}]``.
    """
    policies = yield [
        call("lambda", "get_policy", "Policy", FunctionName=name, Qualifier=q) for q in versions
    ]
    return [
        {"name": q, "arn": arn, "version": version, "policy": document(policy, "get_policy")}
        for (q, (arn, version)), policy in zip(versions.items(), policies, strict=True)
    ]


def _configuration(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "arn": config["FunctionArn"],
        "state": config.get("State"),
        "state_reason": config.get("StateReason"),
        "runtime": config.get("Runtime"),
        "handler": config.get("Handler"),
        "role": config.get("Role"),
        "timeout": config.get("Timeout"),
        "layers": [layer["Arn"] for layer in config.get("Layers", [])],
        "environment": _environment(config.get("Environment", {})),
    }


def _environment(environment: dict[str, Any]) -> Any:
    """Return of each variable whether it looks like a secret; its value only if that is a name."""
    if refusal := environment.get("Error"):
        return error_of("get_function", refusal.get("ErrorCode", ""), refusal.get("Message", ""))
    variables = list(environment.get("Variables", {}).items())[:MOST_VARIABLES]
    return {name[:LONGEST_VARIABLE]: _variable(name, value) for name, value in variables}


def _variable(name: str, value: str) -> dict[str, Any]:
    kept = redact(value)
    access_key = ACCESS_KEY in kept or bool(KEY_NAMES.search(name) and value)
    secret = access_key or kept != value or bool(SECRET_NAMES.search(name))
    named = bool(NAMING.search(name) and NAME.fullmatch(value))
    shown = (named or PLACEHOLDER.fullmatch(value)) and not secret
    return {"value": value if shown else None, "secret": secret, "access_key": access_key}


def _code(location: str | None, handler: str) -> Reader:
    """Read the source files; an image, which has no package, has none."""
    if not location:
        return {"files": {}, "files_cut": []}
    (found,) = yield [Download(location, handler)]
    if is_error(found):
        return {"files": found, "files_cut": []}
    return {"files": found["files"], "files_cut": found["cut"]}


def _tags(function: dict[str, Any]) -> Any:
    """GetFunction leaves tags out, and says why, where they may not be read."""
    if refusal := function.get("TagsError"):
        return error_of("list_tags", refusal.get("ErrorCode", ""), refusal.get("Message", ""))
    return function.get("Tags", {})
