"""A sandbox for the grader's tests, and labs of learners in accounts of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labproof.aws import connection as aws
from labproof.evidence.taking import InventoryLab
from labproof.sandbox import Sandbox
from tests.support import labs
from tests.support.fixtures import accounts, sandbox
from tests.support.grading import Asked

__all__ = ["accounts", "enrol", "recorded", "sandbox"]

Enrol = Callable[..., InventoryLab]


@pytest.fixture
def enrol(sandbox: Sandbox, accounts: Iterator[str]) -> Enrol:
    """Return a lab of a kind, under names that nobody else has, in an account of its own."""
    return lambda kind, **variables: labs.enrol(sandbox, next(accounts), kind, **variables)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Asked]]:
    """Every call that any client makes from now on, as the SDK's own events tell of it."""
    calls: list[Asked] = []
    now = threading.local()
    aws._client.cache_clear()
    events = aws.SHARED_SESSION._session

    def remember(params: dict[str, Any], **_: Any) -> None:
        now.request = dict(params)

    def record(model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}.{model.name}"
        calls.append(Asked(name, now.request))

    events.register("provide-client-params", remember, unique_id="rights-params")
    events.register("before-call", record, unique_id="rights-call")
    yield calls
    events.unregister("provide-client-params", unique_id="rights-params")
    events.unregister("before-call", unique_id="rights-call")
    aws._client.cache_clear()
