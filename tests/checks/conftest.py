"""Evidence for the checks: each lab is read once, and probed once, however many checks look.

Run with ``pytest tests/checks --hosts=ansible://all --ansible-inventory=inventory/sandbox``. A
check runs for the labs that have its requirement.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from testinfra.host import Host

from labproof.inventory import InventoryLab, read_host
from labproof.labs import Lab, targets
from labproof.preflight import check_account
from labproof.probe import probe
from labproof.prove import copying, ingestion, metadata
from labproof.readers import is_error, read_lab, read_permissions, read_rules

Evidence = dict[str, Any]
PROOF_TIMEOUT_S = float(os.environ.get("PROOF_TIMEOUT_S", "60"))
_known: dict[tuple[str, str], Any] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id): the requirement that a check judges")
    # testinfra looks for ansible-inventory on the PATH, which an environment not activated lacks.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep, for each lab, the checks of the requirements that it has."""
    kept = [item for item in items if _concerns(config, item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _concerns(config: pytest.Config, item: pytest.Item) -> bool:
    marker, call = item.get_closest_marker("requirement"), getattr(item, "callspec", None)
    if marker is None or call is None or "_testinfra_host" not in call.params:
        return marker is None
    name = call.params["_testinfra_host"].backend.host
    return marker.args[0] in read_host(_source(config), name).lab.requirements


def _source(config: pytest.Config) -> str:
    return str(config.getoption("--ansible-inventory") or constants.DEFAULT_HOST_LIST[0])


def once(entry: InventoryLab, what: str, look: Callable[[], Any]) -> Any:
    """Return what was seen of a lab, looking only the first time."""
    place = (entry.lab.host, what)
    if place not in _known:
        _known[place] = look()
    return _known[place]


@pytest.fixture(autouse=True)
def requirement(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    """Put the requirement's id and the lab into the report of each check."""
    if marker := request.node.get_closest_marker("requirement"):
        record_property("requirement", marker.args[0])
        record_property("lab", request.getfixturevalue("host").backend.host)


@pytest.fixture
def inventory_lab(host: Host, request: pytest.FixtureRequest) -> InventoryLab:
    return read_host(_source(request.config), host.backend.host)


@pytest.fixture
def lab(inventory_lab: InventoryLab) -> Lab:
    return inventory_lab.lab


@pytest.fixture
def evidence(inventory_lab: InventoryLab) -> Evidence:
    """All that exists of the lab, with what the role may do by its own policies."""
    found: Evidence = once(inventory_lab, "state", lambda: read_state(inventory_lab))
    return found


def read_state(entry: InventoryLab) -> Evidence:
    lab, connection = entry.lab, entry.connection
    found = {"identity": check_account(connection), **read_lab(lab, connection)}
    role, function, key = found["role"], found["function"], found.get("key")
    key_arn = key["arn"] if key and not is_error(key) else ""
    found["arns"] = {
        t: a[0] for t, a in targets(lab.as_dict(), key_arn, **found["identity"]).items()
    }
    wanted = permissions(lab, found["arns"])
    known = role is not None and not is_error(role)
    found["permissions"] = read_permissions(connection, role["arn"], wanted) if known else {}
    known = function is not None and not is_error(function)
    found["rules"] = read_rules(connection, function["arn"]) if known else []
    return found


def permissions(lab: Lab, arns: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return what a lab's role must be allowed: ``{name: (action, resource)}``."""
    stream = arns["logs"].removesuffix("*") + f"log-group:/aws/lambda/{lab.function}:log-stream:any"
    wanted = {
        f"can-{action}": (f"logs:{action}", stream)
        for action in ("CreateLogGroup", "CreateLogStream", "PutLogEvents")
    }
    wanted["can-read-source"] = ("s3:GetObject", arns["source"] + "/any")
    if lab.destination_bucket:
        wanted["can-write-destination"] = ("s3:PutObject", arns["destination"] + "/any")
    if lab.table:
        wanted["can-write-table"] = ("dynamodb:PutItem", arns["table"])
        wanted["can-batch-write-table"] = ("dynamodb:BatchWriteItem", arns["table"])
    if arns.get("key"):
        wanted["can-decrypt"] = ("kms:Decrypt", arns["key"])
    return wanted


@pytest.fixture
def transfers(inventory_lab: InventoryLab) -> dict[str, Any]:
    """What became of fresh uploads to a lab that copies: one transfer for each label."""
    lab, connection = inventory_lab.lab, inventory_lab.connection
    seen: dict[str, Any] = once(
        inventory_lab, "transfers", lambda: probe(lab, connection, PROOF_TIMEOUT_S)
    )
    return seen


@pytest.fixture
def proof(inventory_lab: InventoryLab) -> dict[str, Any]:
    """What became of fresh uploads, by the lab's own flow."""
    lab, connection = inventory_lab.lab, inventory_lab.connection
    prove = {"copy": copying.prove, "metadata": metadata.prove, "ingest": ingestion.prove}[lab.flow]
    seen: dict[str, Any] = once(
        inventory_lab, "proof", lambda: prove(lab, connection, PROOF_TIMEOUT_S)
    )
    return seen


@pytest.fixture
def invocations(inventory_lab: InventoryLab, request: pytest.FixtureRequest) -> dict[str, Any]:
    """How fresh uploads ran: ``{"requests", "errors", "reports", "uploads", "since_ms"}``."""
    if inventory_lab.lab.flow in ("transfer", "copy"):
        seen = request.getfixturevalue("transfers").values()
        return {
            "requests": [t["request_id"] for t in seen if t["request_id"]],
            "errors": [line for t in seen for line in t["errors"]],
            "reports": sum(t["reported_ms"] is not None for t in seen),
            "uploads": len(seen),
            "since_ms": min(t["signed_ms"] for t in seen),
        }
    found = request.getfixturevalue("proof")
    return {
        "requests": [line for line in found["log"] if line.startswith("START RequestId")],
        "errors": found.get("good_errors", found["errors"]),
        "reports": found["reports"],
        "uploads": len(found["uploads"]) if "uploads" in found else 1,
        "since_ms": found["started_ms"],
    }
