"""Every requirement has a check that fails when the requirement is broken."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from . import faults
from .conftest import World

HOSTS = ("xfusion", "devops", "event-copy", "file-metadata", "secure-ingestion")
# What the configuration alone decides: these fail while every part of the lab is there.
CONFIGURED = {
    *("source-bucket.public-access", "source-bucket.policy", "source-bucket.anonymous-read"),
    *("source-bucket.private", "source-bucket.versioned", "source-bucket.encrypted"),
    *("destination-bucket.private", "destination-bucket.anonymous-denied"),
    *("role.trusts-lambda", "role.can-write-logs", "role.can-write-destination"),
    *("role.policies", "role.least-privilege", "role.can-decrypt", "role.can-write-table"),
    *("function.runtime", "function.uses-role", "function.deployed", "function.environment"),
    *("trigger.permission", "trigger.configured", "transfer.invoked", "logs.group"),
    *("transfer.copied", "transfer.audited", "transfer.hard-keys", "transfer.metadata"),
    *("table.key", "table.on-demand", "table.recoverable", "metadata.item", "ingest.records"),
    *("key.exists", "key.rotates", "key.policy", "account.no-keys"),
    *("trail.multi-region", "trail.management-events", "trail.data-events"),
    *("trail.validated", "trail.logging"),
}


@pytest.fixture(scope="module")
def built(world: World) -> World:
    assert world.play("site.yml").code == 0
    return world


def failing(world: World, report: Path, *options: str) -> dict[str, set[str]]:
    """Run the checks; return the requirement ids that did not pass, for each lab."""
    world.check(f"--junitxml={report}", *options)
    found: dict[str, set[str]] = {host: set() for host in HOSTS}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
        properties = {p.get("name"): str(p.get("value")) for p in case.iter("property")}
        if case.find("failure") is not None or case.find("error") is not None:
            found[properties["lab"]].add(properties["requirement"])
    return found


def test_each_requirement_of_each_lab_can_fail(built: World, tmp_path: Path) -> None:
    entries = {host: built.lab(host) for host in HOSTS}
    for entry in entries.values():
        for fault in faults.CONFIGURATION:
            fault(entry.lab, entry.connection)
    built.environment["PROOF_TIMEOUT_S"] = "3"
    broken = failing(built, tmp_path / "broken.xml")

    assert built.play("destroy.yml").code == 0
    for entry in entries.values():
        faults.delete_table(entry.lab, entry.connection)
    gone = failing(built, tmp_path / "gone.xml")

    for host, entry in entries.items():
        assert set(entry.lab.requirements) - broken[host] - gone[host] == set(), host
        assert broken[host] >= CONFIGURED & set(entry.lab.requirements), host
