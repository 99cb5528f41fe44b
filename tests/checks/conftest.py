"""Evidence for the checks: each lab is read once, and probed once, however many checks look.

Run with ``pytest tests/checks --hosts=ansible://all --ansible-inventory=inventory/sandbox``.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible import constants
from testinfra.host import Host

from labproof.inventory import InventoryLab, read_host
from labproof.labs import Lab
from labproof.preflight import check_account
from labproof.probe import probe
from labproof.readers import is_error, read_lab, read_permissions

Evidence = dict[str, Any]
_read: dict[str, Evidence] = {}
_probed: dict[str, dict[str, Any]] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id): the requirement that a check judges")


@pytest.fixture
def inventory_lab(host: Host, request: pytest.FixtureRequest) -> InventoryLab:
    source = request.config.getoption("--ansible-inventory") or constants.DEFAULT_HOST_LIST[0]
    return read_host(source, host.backend.host)


@pytest.fixture
def lab(inventory_lab: InventoryLab) -> Lab:
    return inventory_lab.lab


@pytest.fixture
def evidence(inventory_lab: InventoryLab) -> Evidence:
    """All that exists of the lab, with what the role may do by its own policies."""
    lab, connection = inventory_lab.lab, inventory_lab.connection
    if lab.host not in _read:
        found = {"identity": check_account(connection), **read_lab(lab, connection)}
        role = found["role"]
        wanted = {
            "can-read-source": ("s3:GetObject", f"arn:aws:s3:::{lab.source_bucket}/any"),
            "can-write-destination": ("s3:PutObject", f"arn:aws:s3:::{lab.destination_bucket}/any"),
            "can-write-table": (
                "dynamodb:PutItem",
                f"arn:aws:dynamodb:{connection.region}:{found['identity']['account']}"
                f":table/{lab.table}",
            ),
            **{
                f"can-{action}": (
                    f"logs:{action}",
                    f"arn:aws:logs:{connection.region}:{found['identity']['account']}"
                    f":log-group:/aws/lambda/{lab.function}:log-stream:any",
                )
                for action in ("CreateLogGroup", "CreateLogStream", "PutLogEvents")
            },
        }
        known = role is not None and not is_error(role)
        found["permissions"] = read_permissions(connection, role["arn"], wanted) if known else {}
        _read[lab.host] = found
    return _read[lab.host]


@pytest.fixture
def transfers(inventory_lab: InventoryLab) -> dict[str, Any]:
    """What became of fresh uploads: one transfer for each label of the probe."""
    lab = inventory_lab.lab
    if lab.host not in _probed:
        _probed[lab.host] = probe(lab, inventory_lab.connection)
    return _probed[lab.host]
