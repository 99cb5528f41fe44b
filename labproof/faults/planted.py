"""What is planted where: one file for each lab, kept until the lab is mended.

``<folder>/<host>.json`` holds ``{"fault", "hidden": bool, "before": [...]}``. Only its owner may
read it, for a function's variables may be in it.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from labproof.evidence.files import file_name
from labproof.faults.catalogue import Fault, for_lab
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.planting import Before, mend, plant
from labproof.labs.lab import Lab

Record = dict[str, Any]


@dataclass(frozen=True)
class Planted:
    """The record of one lab's fault."""

    path: Path

    @classmethod
    def of(cls, folder: Path, host: str) -> Planted:
        return cls(folder / f"{file_name(host)}.json")

    def read(self) -> Record | None:
        """Return what is planted, None for nothing. Raises FaultError for a damaged file."""
        try:
            found: Record = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise FaultError(
                f"{self.path} is damaged, so the fault cannot be mended ({error}): mend the lab by "
                "hand, or destroy it, then forget the fault with `-e fault=forget`."
            ) from error
        return found

    def write(self, record: Record) -> None:
        """Write the record in one go: half a one would be none."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file)
        fresh.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def expect_none(folder: Path, host: str) -> None:
    """Raise FaultError where a fault is planted already."""
    if found := Planted.of(folder, host).read():
        name = "a fault" if found["hidden"] else f"the fault {found['fault']}"
        raise FaultError(
            f"{host} has {name} already: find and mend it, then "
            f"`ansible-playbook break.yml -l {host} -e fault=none`."
        )


def plant_in(folder: Path, faults: list[Fault], place: Place, hidden: bool) -> Fault:
    """Plant the first of some faults that can be planted, and keep what mends it; return the fault.

    Raises FaultError where none can be planted.
    """
    planted = Planted.of(folder, place.lab.host)
    for fault in faults:
        try:
            plant(fault, place, partial(keep, planted, fault.name, hidden))
        except FaultError as error:
            refused = error
        else:
            return fault
    raise refused


def keep(planted: Planted, name: str, hidden: bool, before: list[Before]) -> None:
    if before:
        planted.write({"fault": name, "hidden": hidden, "before": before})
    else:
        planted.remove()


def mend_in(folder: Path, place: Place) -> str | None:
    """Mend what is planted in a lab; return the fault's name, None where there was none."""
    planted = Planted.of(folder, place.lab.host)
    found = planted.read()
    if found is None:
        return None
    mend(found["before"], place)
    planted.remove()
    return str(found["fault"])


def at_random(lab: Lab, seed: int) -> list[Fault]:
    """Return the faults that fit a lab, shuffled; in the same order for the same seed."""
    fitting = sorted(for_lab(lab), key=lambda fault: fault.name)
    random.Random(f"{seed} {lab.host}").shuffle(fitting)  # noqa: S311 - no secret
    return fitting
