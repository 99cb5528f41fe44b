"""Ways to take a step of the learner's otherwise.

Requests, policies and variables may name the lab's parts and where it is: ``$table``, ``$account``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from labproof.aws.connection import Connection
from labproof.labs.grants import managed_policy_arn
from labproof.labs.lab import Lab
from labproof.labs.package import zip_bytes
from tests.support.learner import (
    STEPS,
    Step,
    allow,
    create_function,
    document,
    key_arn,
    let_role_use_key,
    role_arn,
)

HANDLERS = Path(__file__).parent / "handlers"
EVERY_CREATION = "s3:ObjectCreated:*"
SOURCE, DESTINATION = "arn:aws:s3:::$source_bucket", "arn:aws:s3:::$destination_bucket"
TABLE = "arn:aws:dynamodb:$region:$account:table/$table"
FUNCTION = "arn:aws:lambda:$region:$account:function:$function"
LOGS = allow(
    Action=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    Resource="arn:aws:logs:$region:$account:*",
)
TRUST = allow(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")


class Words(dict[str, str]):
    """What a request may name; key and role are asked for only where it does."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        names = {name: value for name, value in lab.names().items() if isinstance(value, str)}
        super().__init__(names | connection.identity())
        self.lab, self.connection = lab, connection

    def __missing__(self, name: str) -> str:
        if name == "key_id":
            return self["key_arn"].rpartition("/")[2]
        return {"key_arn": key_arn, "role_arn": role_arn}[name](self.lab, self.connection)


def filled(what: Any, names: Mapping[str, str]) -> Any:
    """Return a request, or a part of it, with the names filled in."""
    if isinstance(what, str):
        return Template(what).safe_substitute(names)
    if isinstance(what, dict):
        return {key: filled(value, names) for key, value in what.items()}
    return [filled(one, names) for one in what] if isinstance(what, list) else what


def call(service: str, operation: str, **request: Any) -> Step:
    """Make one call."""

    def step(lab: Lab, connection: Connection) -> None:
        wanted = filled(request, Words(lab, connection))
        getattr(connection.client(service), operation)(**wanted)

    return step


def each(*steps: Step) -> Step:
    """Take several steps in their order."""

    def step(lab: Lab, connection: Connection) -> None:
        for one in steps:
            one(lab, connection)

    return step


def alone(whole: Step) -> dict[str, Step]:
    """Take one step in place of all."""
    return dict.fromkeys(STEPS, each()) | {"source bucket": whole}


def role(*policies: Step, **settings: Any) -> Step:
    """Create the role with other policies, or under another path."""
    created = call(
        *("iam", "create_role"),
        RoleName="$role",
        AssumeRolePolicyDocument=document(TRUST),
        **settings,
    )
    return each(created, *policies, let_role_use_key)


def named_policies(lab: Lab, connection: Connection) -> None:
    """Attach the managed policies that the challenge names."""
    attach(*lab.role.managed_policies)(lab, connection)


def attach(*names: str) -> Step:
    """Attach AWS's managed policies."""
    return each(
        *(
            call(
                *("iam", "attach_role_policy"),
                RoleName="$role",
                PolicyArn=managed_policy_arn(name, "aws"),
            )
            for name in names
        )
    )


def inline(*statements: dict[str, Any], name: str = "own") -> Step:
    policy = document(*statements)
    return call("iam", "put_role_policy", RoleName="$role", PolicyName=name, PolicyDocument=policy)


def customer_managed(*statements: dict[str, Any], name: str) -> Step:
    """Create a managed policy of the learner's own, and attach it."""
    policy = document(*statements)
    arn = f"arn:aws:iam::$account:policy/labs/{name}"
    return each(
        call("iam", "create_policy", PolicyName=name, Path="/labs/", PolicyDocument=policy),
        call("iam", "attach_role_policy", RoleName="$role", PolicyArn=arn),
    )


def function(
    source: str = "", handler: str = "", variables: dict[str, str] | None = None, **settings: Any
) -> Step:
    """Create the function with other settings, or with a handler of its own."""

    def step(lab: Lab, connection: Connection) -> None:
        other = filled(settings, Words(lab, connection))
        if source:
            environment = {"Variables": filled(variables or {}, Words(lab, connection))}
            package = {"ZipFile": zip_bytes(files(source))}
            other |= {"Handler": handler, "Code": package, "Environment": environment}
        create_function(lab, connection, **other)

    return step


def files(source: str) -> dict[str, str]:
    """Return the files of a handler: one, or those of a folder."""
    path = HANDLERS / source
    if path.suffix:
        return {path.name: path.read_text("utf-8")}
    return {str(p.relative_to(path)): p.read_text("utf-8") for p in path.rglob("*.py")}
