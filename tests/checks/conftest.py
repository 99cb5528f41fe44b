"""The rubric as tests: each check judges each lab's snapshot.

``pytest tests/checks --snapshots=reports/latest/snapshots`` judges archived evidence, without any
access to AWS. ``pytest tests/checks --hosts=ansible://all --ansible-inventory=inventory/sandbox``
takes a snapshot of each lab first, once, however many checks look.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import testinfra
from ansible import constants
from testinfra.host import Host

from labproof.ansible.inventory import read_host
from labproof.evidence.archive import ArchiveError, read_snapshot
from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.grading.judge import BLOCKED, ERROR, Outcome, decide

# How long uploads are followed (seconds); what suits the target unless it is set.
PROBE_TIMEOUT_S = float(os.environ.get("PROBE_TIMEOUT_S") or 0) or None


@dataclass(frozen=True)
class Archived:
    """A lab in a folder of snapshots."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cache  # noqa: B019 - one source for each lab of a run
    def snapshot(self) -> Snapshot:
        return read_snapshot(self.path)

    def requirements(self) -> tuple[str, ...]:
        return self.snapshot().lab.requirements


@dataclass(frozen=True)
class Live:
    """A lab of an inventory, with its client host."""

    host: Host
    inventory: str

    @property
    def name(self) -> str:
        return str(self.host.backend.host)

    def entry(self) -> InventoryLab:
        return read_host(self.inventory, self.name)

    @cache  # noqa: B019 - one source for each lab of a run
    def snapshot(self) -> Snapshot:
        entry = self.entry()
        return Snapshot(take(entry, client_files(self.host, entry), PROBE_TIMEOUT_S))

    def requirements(self) -> tuple[str, ...]:
        return self.entry().lab.requirements


Source = Archived | Live


def client_files(host: Host, entry: InventoryLab) -> dict[str, dict[str, object] | None]:
    """Return the client's files: ``{name: {"sha256", "size"} | None}``."""
    files = {name: host.file(f"{entry.lab.client.dir}/{name}") for name in entry.lab.client.files}
    return {
        name: {"sha256": file.sha256sum, "size": file.size} if file.is_file else None
        for name, file in files.items()
    }


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshots", help="folder of archived snapshots to judge")


def pytest_configure(config: pytest.Config) -> None:
    # testinfra looks for ansible-inventory on the PATH, which an environment not activated lacks.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if folder := config.getoption("--snapshots"):
        read_all(Path(folder), sources(config))


def read_all(folder: Path, archived: list[Source]) -> None:
    """Read the snapshots before anything is collected, for then a problem is told in a line."""
    if not archived:
        raise pytest.UsageError(f"There is no snapshot in {folder}: grade labs, or name another.")
    try:
        for source in archived:
            source.snapshot()
    except ArchiveError as error:
        raise pytest.UsageError(str(error)) from None


@cache
def sources(config: pytest.Config) -> list[Source]:
    """Return the labs to judge, as the command line names them."""
    if folder := config.getoption("--snapshots"):
        return [Archived(path) for path in sorted(Path(folder).glob("*.json"))]
    inventory = str(config.getoption("--ansible-inventory") or constants.DEFAULT_HOST_LIST[0])
    names = [name for name in (config.getoption("--hosts") or "").split(",") if name]
    return (
        [Live(host, inventory) for host in testinfra.get_hosts(names, ansible_inventory=inventory)]
        if names
        else []
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Judge each lab by the requirements that it has."""
    marker = metafunc.definition.get_closest_marker("requirement")
    if marker and "snapshot" in metafunc.fixturenames:
        mine = [s for s in sources(metafunc.config) if marker.args[0] in s.requirements()]
        metafunc.parametrize("snapshot", mine, ids=[s.name for s in mine], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks that no lab has."""
    kept = [item for item in items if isinstance(_source(item), Source)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _source(item: pytest.Item) -> object:
    call = getattr(item, "callspec", None)
    return call.params.get("snapshot") if call else None


@cache
def outcomes(source: Source) -> dict[str, Outcome]:
    return decide(source.snapshot())


@pytest.fixture
def snapshot(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Snapshot:
    """The evidence; a check that is blocked is skipped, one that cannot tell is an error."""
    source, name = request.param, request.node.get_closest_marker("requirement").args[0]
    outcome = outcomes(source)[name]
    record_property("requirement", name)
    record_property("lab", source.name)
    record_property("status", outcome.status)
    if outcome.status == BLOCKED:
        pytest.skip(f"blocked by {', '.join(outcome.blocked_by)}")
    if outcome.status == ERROR:
        pytest.fail(outcome.found)
    found: Snapshot = source.snapshot()
    return found
