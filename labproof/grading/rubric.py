"""The rubric: one check for each requirement id, found in tests/checks, and what each is worth.

A check is a function of one snapshot, marked with
``@pytest.mark.requirement(id, weight=…, rests_on=[…], hint=…, command=…, playbook=…)``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from labproof.evidence.snapshot import Snapshot

FOLDER = Path(__file__).parents[2] / "tests" / "checks"
PACKAGE = "labproof_checks"
TOTAL = 100
# The order in which a learner builds a lab; what is wrong is told in this order.
AREAS = (
    *("key", "source-bucket", "destination-bucket", "role", "function", "table", "trigger"),
    *("trail", "client", "transfer", "metadata", "ingest", "logs", "account"),
)


@dataclass(frozen=True)
class Requirement:
    """One check of the rubric. ``rests_on`` holds the ids that it cannot pass without."""

    id: str
    title: str
    check: Callable[[Snapshot], None]
    weight: int = 2
    rests_on: tuple[str, ...] = ()
    hint: str = ""
    command: str = ""
    playbook: str = ""

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]


@cache
def rubric() -> dict[str, Requirement]:
    """Return every requirement by its id, in the learner's order."""
    found: dict[str, Requirement] = {}
    for module in _modules():
        for requirement in _requirements(module):
            if requirement.id in found:
                raise ValueError(f"{requirement.id} has two checks in {FOLDER}: keep one.")
            found[requirement.id] = requirement
    return {r.id: r for r in sorted(found.values(), key=_place)}


def points(ids: list[str], chosen: dict[str, int]) -> dict[str, int]:
    """Share out 100 points: the chosen ones as given, the rest by weight, in whole points.

    Where the chosen ones cannot come to 100, as those of another rubric may, they are weights.
    """
    fixed = {i: chosen[i] for i in ids if i in chosen}
    weights = {i: rubric()[i].weight for i in ids if i not in chosen}
    left = TOTAL - sum(fixed.values())
    if left < 0 or (left and not weights):
        shares = share_out(TOTAL, fixed) | dict.fromkeys(weights, 0)
    else:
        shares = fixed | share_out(left, weights)
    return {i: shares[i] for i in ids}


def share_out(total: int, weights: dict[str, int]) -> dict[str, int]:
    """Split a total into whole shares by weight; the first of equals gets what is left over."""
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    whole = sum(weights.values())
    shares = {i: total * weight // whole for i, weight in weights.items()}
    by_rest = sorted(weights, key=lambda i: -(total * weights[i] % whole))
    for i in by_rest[: total - sum(shares.values())]:
        shares[i] += 1
    return shares


def _place(requirement: Requirement) -> int:
    return AREAS.index(requirement.area) if requirement.area in AREAS else len(AREAS)


def _modules() -> list[ModuleType]:
    """Import the checks from their folder, as the package that it is, wherever it lies."""
    places = [str(FOLDER)]
    spec = spec_from_file_location(
        PACKAGE, FOLDER / "__init__.py", submodule_search_locations=places
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"There are no checks in {FOLDER}.")
    sys.modules[PACKAGE] = package = module_from_spec(spec)
    spec.loader.exec_module(package)
    return [import_module(f"{PACKAGE}.{path.stem}") for path in sorted(FOLDER.glob("test_*.py"))]


def _requirements(module: ModuleType) -> list[Requirement]:
    functions = [f for f in vars(module).values() if inspect.isfunction(f)]
    return [_requirement(f, mark) for f in functions for mark in _marks(f)]


def _marks(function: Callable[..., None]) -> list[object]:
    marks = getattr(function, "pytestmark", [])
    return [mark for mark in marks if mark.name == "requirement"]


def _requirement(function: Callable[[Snapshot], None], mark: object) -> Requirement:
    (name,) = mark.args  # type: ignore[attr-defined]
    given = dict(mark.kwargs)  # type: ignore[attr-defined]
    given["rests_on"] = tuple(given.get("rests_on", ()))
    title = (inspect.getdoc(function) or name).splitlines()[0]
    return Requirement(name, title, function, **given)
