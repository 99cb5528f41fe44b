"""A sandbox for the grader's tests, and labs of learners in accounts of their own."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from labproof.aws import connection as aws
from labproof.aws.connection import Connection
from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.grading.judge import judge
from labproof.labs.kinds import kinds
from labproof.labs.resolving import resolve
from labproof.sandbox import Sandbox

from ..sandbox.sandbox_clients import free_port
from .learner import FILES

TIMEOUT_S = 20.0
# A failed event is tried again soon, so that nobody waits for it.
SETTINGS = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1"}
KINDS = ("file_transfer", "event_copy", "file_metadata", "secure_ingestion")
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


class Asked(NamedTuple):
    """One call of the SDK."""

    operation: str
    request: dict[str, Any]


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


def names(who: str) -> dict[str, Any]:
    """Return inventory variables with names as a learner may choose them."""
    return {
        "lab_source_bucket": f"in.{who}.example",
        "lab_destination_bucket": f"out-{who}",
        "lab_function": f"Handle_{who}",
        "lab_role": f"{who}@lambda",
        "lab_table": f"Table.{who}",
        "lab_key_alias": f"alias/{who}/key",
        "lab_trail": f"trail-{who}",
        "lab_trail_bucket": f"trail-{who}",
        "lab_client_dir": "/home/learner",
    }


def grade(entry: InventoryLab, timeout: float = TIMEOUT_S) -> dict[str, Any]:
    """Return a lab's entry of results.json."""
    return judge(Snapshot(take(entry, client_files(entry), timeout)))


def client_files(entry: InventoryLab) -> dict[str, Any]:
    """Return what the client host has: the challenge's own files."""
    bodies = {name: (FILES / name).read_bytes() for name in entry.lab.client.files}
    return {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in bodies.items()
    }


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["status"] for row in result["checks"]}


def told(result: dict[str, Any]) -> list[str]:
    """Return a line for each check that did not pass."""
    return [
        f"{r['id']} {r['status']}: expected {r['expected']}, found {r['found']} {r['blocked_by']}"
        for r in result["checks"]
        if r["status"] != "passed"
    ]
