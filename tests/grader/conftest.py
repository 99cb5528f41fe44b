"""A sandbox for the grader's tests, and labs of learners in accounts of their own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labproof.aws import connection as aws
from labproof.aws.connection import Connection
from labproof.evidence.taking import InventoryLab
from labproof.labs.kinds import kinds
from labproof.labs.resolving import resolve
from labproof.sandbox import Sandbox
from tests.support.grading import SETTINGS, Asked, names
from tests.support.sandboxes import free_port

Enrol = Callable[..., InventoryLab]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = Sandbox(tmp_path_factory.mktemp("grader") / "sandbox", free_port(), SETTINGS)
    running.start()
    yield running
    running.stop(timeout=5)


@pytest.fixture(scope="session")
def accounts() -> Iterator[str]:
    return (str(number) for number in itertools.count(300000000001))


@pytest.fixture
def enrol(sandbox: Sandbox, accounts: Iterator[str]) -> Enrol:
    """Return a lab of a kind, under names that nobody else has, in an account of its own."""

    def enrolled(kind: str, **variables: Any) -> InventoryLab:
        account = next(accounts)
        connection = Connection(
            endpoint_url=sandbox.endpoint_url,
            http_endpoint_url=sandbox.http_endpoint_url,
            ca_bundle=str(sandbox.ca_bundle),
            access_key=account,
            secret_key="sandbox-only",
            account_id=account,
        )
        wanted = (*kinds()[kind]["requires"], "lab_client_dir")
        mine = {k: v for k, v in names(account[-6:]).items() if k in wanted}
        lab = resolve(f"learner-{account[-3:]}", [kind], mine | variables)
        return InventoryLab(lab, connection)

    return enrolled


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
