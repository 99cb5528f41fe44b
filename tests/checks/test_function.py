"""The function: deployed from the learner's code, under the lab's role."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.source import handler_exists, live_placeholders

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html (runtimes not yet deprecated)
SUPPORTED_RUNTIMES = {f"python3.{minor}" for minor in range(10, 15)}


@pytest.mark.requirement("function.exists")
def test_function_exists_and_is_active(evidence: dict[str, Any], lab: Lab) -> None:
    """The function exists under its exact name, and is Active."""
    assert evidence["function"], f"There is no function {lab.function}."
    assert evidence["function"]["state"] == "Active"


@pytest.mark.requirement("function.runtime")
def test_function_has_a_supported_runtime(evidence: dict[str, Any]) -> None:
    """The runtime is a Python that Lambda supports."""
    assert evidence["function"]["runtime"] in SUPPORTED_RUNTIMES


@pytest.mark.requirement("function.uses-role")
def test_function_uses_the_role(evidence: dict[str, Any]) -> None:
    """The function's execution role is the lab's role."""
    assert evidence["function"]["role"] == evidence["role"]["arn"]


@pytest.mark.requirement("function.deployed")
def test_the_code_is_deployed_without_placeholders(evidence: dict[str, Any]) -> None:
    """The handler resolves, and no placeholder is in effect."""
    function = evidence["function"]
    assert handler_exists(function["files"], function["handler"])
    live = live_placeholders(function["files"], function["handler"], function["environment"])
    assert live == []


@pytest.mark.requirement("function.environment")
def test_environment_names_the_table_and_holds_no_secret(
    evidence: dict[str, Any], lab: Lab
) -> None:
    """TABLE_NAME names the table; no variable looks like a secret."""
    environment = evidence["function"]["environment"]
    assert environment["TABLE_NAME"]["value"] == lab.table
    assert [name for name, variable in environment.items() if variable["secret"]] == []
