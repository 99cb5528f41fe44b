"""The function: deployed from the learner's code, under the lab's role."""

from __future__ import annotations

import re
from typing import Any

import pytest

from labproof.analysis.code import handler_exists, live_placeholders
from labproof.aws.answers import error_of
from labproof.evidence.snapshot import Failure, Snapshot, Unreadable, expect, expect_none
from labproof.labs.package import PLACEHOLDER

# Day of deprecation: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
DEPRECATED = {
    "python3.10": "2026-10-31",
    "python3.11": "2027-06-30",
    "python3.12": "2028-10-31",
    "python3.13": "2029-06-30",
    "python3.14": "2029-06-30",
}
NEWEST = 14
MOST_NAMES = 300  # characters
PYTHON = re.compile(r"python3\.(\d+)")


@pytest.mark.requirement(
    "function.exists",
    hint="Create the function $function in $region; one that is Inactive wakes up when invoked.",
    command="aws lambda create-function --function-name $function --runtime $function_runtime "
    "--handler lambda_function.lambda_handler --zip-file fileb://function.zip "
    "--role arn:$partition:iam::$account:role/$role",
    playbook="create-function.yml",
)
def test_function_exists_and_is_active(snapshot: Snapshot) -> None:
    """The function exists under its exact name, and is Active."""
    function = snapshot.part("function")
    why = f" ({function['state_reason']})" if function["state_reason"] else ""
    expect(function["state"] == "Active", "state Active", f"{function['state']}{why}")


@pytest.mark.requirement(
    "function.runtime",
    rests_on=["function.exists"],
    hint="Give the function $function a supported Python runtime, such as $function_runtime.",
    command="aws lambda update-function-configuration --function-name $function "
    "--runtime $function_runtime",
    playbook="create-function.yml",
)
def test_function_has_a_supported_runtime(snapshot: Snapshot) -> None:
    """The runtime is a Python that Lambda supports."""
    runtime, day = snapshot.part("function")["runtime"], snapshot.document["taken"][:10]
    supported = [name for name, until in DEPRECATED.items() if day <= until]
    expected = f"a supported Python runtime ({', '.join(supported) or 'a newer one'})"
    expect(runtime in supported or is_newer(snapshot, runtime), expected, runtime or "none")


def is_newer(snapshot: Snapshot, runtime: str | None) -> bool:
    """Tell whether AWS, which takes none that it does not know, has a Python that we do not."""
    found = PYTHON.fullmatch(runtime or "")
    return found is not None and int(found[1]) > NEWEST and not snapshot.target["emulated"]


@pytest.mark.requirement(
    "function.uses-role",
    rests_on=["function.exists", "role.exists"],
    hint="Let the function $function run as the role $role.",
    command="aws lambda update-function-configuration --function-name $function "
    "--role arn:$partition:iam::$account:role/$role",
    playbook="create-function.yml",
)
def test_function_uses_the_role(snapshot: Snapshot) -> None:
    """The function's execution role is the lab's role."""
    wanted, found = snapshot.part("role")["arn"], snapshot.part("function")["role"]
    expect(found == wanted, f"the execution role {wanted}", found)


@pytest.mark.requirement(
    "function.deployed",
    weight=3,
    rests_on=["function.exists"],
    hint="Deploy your code to $function: every REPLACE-WITH-… replaced, and the handler set to "
    "FILE.FUNCTION of it.",
    command="aws lambda update-function-code --function-name $function "
    "--zip-file fileb://function.zip",
    playbook="create-function.yml",
)
def test_the_code_is_deployed_without_placeholders(snapshot: Snapshot) -> None:
    """The learner's code is deployed, its handler resolves, and no placeholder is in effect."""
    function = snapshot.part("function")
    files, handler = dict(function["files"]), function["handler"]
    if not handler_exists(files, handler):
        look_elsewhere(function)
        code = f"the files {', '.join(files)}"[:MOST_NAMES] if files else "no Python file"
        raise Failure(f"the code of the handler {handler}", code)
    live = live_placeholders(files, handler, set(function["environment"]))
    expect_none([*dict.fromkeys(live), *placeholders(function)], "no placeholder in effect")


def look_elsewhere(function: dict[str, Any]) -> None:
    """Raise Unreadable where the handler may be in a file that is not in the snapshot."""
    if function["files_cut"]:
        told = "the package is too large to be read as a whole"
        raise Unreadable(error_of("Code.Location", "TooLarge", told)["error"])
    if function["layers"]:
        told = "the handler may be in one of the function's layers"
        raise Unreadable(error_of("get_layer_version", "NotRead", told)["error"])


def placeholders(function: dict[str, Any]) -> list[str]:
    """Return the environment variables that hold a placeholder."""
    return [
        f"{name}={variable['value']}"
        for name, variable in function["environment"].items()
        if PLACEHOLDER.search(variable["value"] or "")
    ]


@pytest.mark.requirement(
    "function.environment",
    rests_on=["function.exists"],
    hint="Set TABLE_NAME of $function to $table, and take secrets out of its variables.",
    command="aws lambda update-function-configuration --function-name $function "
    "--environment Variables={TABLE_NAME=$table}",
    playbook="create-function.yml",
)
def test_environment_names_the_table_and_holds_no_secret(snapshot: Snapshot) -> None:
    """TABLE_NAME names the table; no variable looks like a secret."""
    environment, table = snapshot.part("function")["environment"], snapshot.lab.table.name
    found = (environment.get("TABLE_NAME") or {}).get("value")
    expect(found == table, f"TABLE_NAME={table}", f"TABLE_NAME={found or ''}")
    secrets = [f"{name} looks like a secret" for name, v in environment.items() if v["secret"]]
    expect_none(secrets, "no secret among the variables")
