"""Plant a fault into a working lab, mend it, or list the faults that there are."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from shlex import quote
from typing import Any

from labproof.ansible.action import LabAction
from labproof.aws.connection import check_account
from labproof.evidence.collect.survey import survey
from labproof.faults import Client, Fault, FaultError, Place, fault, for_lab
from labproof.faults.planted import Planted, at_random, expect_none, mend_in, plant_in
from labproof.labs.lab import Lab

SEEDS = 1_000_000
PARTS = ("source_bucket", "destination_bucket", "role", "table", "function", "key", "trail")

DOCUMENTATION = """
module: break_lab
author: Labproof contributors
short_description: Plant a fault into a working lab, mend it, or list the faults
description:
  - Nothing but this suite does that. What a fault changes is kept, so that it can be mended.
options:
  fault:
    description:
      - Name of the fault, V(random) for one that is not told, V(none) to mend, V(forget) to keep no
        longer what would mend the lab; empty to list the faults that fit it.
    type: str
    default: ""
  seed:
    description: Number that V(random) draws the fault by; a fresh one without it.
    type: int
  folder:
    description: Folder of what mends the faults.
    type: path
    required: true
"""
EXAMPLES = """
- name: Plant a fault
  break_lab:
    fault: permission-missing
    folder: .faults
"""
RETURN = """
msg:
  description: What was done, or a line for each fault.
  type: raw
  returned: success
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab, folder = self.lab(), Path(arguments["folder"])
        try:
            return self.done(lab, arguments["fault"], arguments["seed"], folder)
        except FaultError as error:
            return {"failed": True, "msg": str(error)}

    def done(self, lab: Lab, name: str, seed: int | None, folder: Path) -> dict[str, Any]:
        if not name:
            return {"msg": listed(lab)}
        if name == "forget":
            return self.forgotten(lab, folder)
        place = Place(lab, self.connection, ClientHost(self, lab.client.dir or ""))
        if name == "none":
            return self.mended(place, folder)
        if name == "random":
            seed = secrets.randbelow(SEEDS) if seed is None else seed
            return self.planted(place, at_random(lab, seed), folder, seed)
        return self.planted(place, [fault(name, lab)], folder)

    def planted(
        self, place: Place, faults: list[Fault], folder: Path, seed: int | None = None
    ) -> dict[str, Any]:
        """Plant a fault, the first that can be; it is not named where it was drawn by a seed."""
        host, hidden = place.lab.host, seed is not None
        expect_none(folder, host)
        expect_built(place)
        if self.check_mode:
            what = "A fault at random" if hidden else faults[0].name
            return {"changed": True, "msg": f"{what} would be planted into {host}."}
        chosen = plant_in(folder, faults, place, hidden)
        what = f"Planted {chosen.name}: {chosen.says}"
        return {"changed": True, "msg": what if seed is None else unknown(place.lab, seed)}

    def mended(self, place: Place, folder: Path) -> dict[str, Any]:
        host = place.lab.host
        if Planted.of(folder, host).read() is None:
            return {"msg": f"{host} has no fault."}
        check_account(place.connection)
        if self.check_mode:
            return {"changed": True, "msg": f"{host} would be mended."}
        return {
            "changed": True,
            "msg": f"{host} is mended; the fault was {mend_in(folder, place)}.",
        }

    def forgotten(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Drop what would mend a lab, and touch nothing of the lab."""
        planted = Planted.of(folder, lab.host)
        if not planted.path.exists():
            return {"msg": f"{lab.host} has no fault."}
        if not self.check_mode:
            planted.remove()
        return {"changed": True, "msg": f"The fault of {lab.host} is forgotten, not mended."}


class ClientHost(Client):
    """The client's folder, by the connection of its host."""

    def __init__(self, action: ActionModule, folder: str) -> None:
        self.action, self.folder = action, folder

    def read(self, name: str) -> bytes | None:
        path = self.path(name)
        text = self.run(f"test ! -e {path} || {{ echo found; base64 {path}; }}")
        found, _, content = text.partition("\n")
        return base64.b64decode(content) if found == "found" else None

    def write(self, name: str, content: bytes | None) -> None:
        path = self.path(name)
        self.run(f"rm -f {path}" if content is None else f"umask 022; cat > {path}", content)

    def path(self, name: str) -> str:
        return quote(f"{self.folder}/{name}")

    def run(self, command: str, content: bytes | None = None) -> str:
        done = self.action._low_level_execute_command(command, in_data=content)
        if done["rc"]:
            raise FaultError(f"The client host refuses it: {done['stderr'].strip()}.")
        return str(done["stdout"])


def expect_built(place: Place) -> None:
    """Raise FaultError unless all parts of a lab exist."""
    lab, place_of = place.lab, place.connection
    found = survey(lab, place_of, check_account(place_of))
    missing = [part.replace("_", " ") for part in PARTS if part in found and found[part] is None]
    if missing:
        raise FaultError(
            f"{lab.host} is not built, it lacks the {', '.join(missing)}: build it with "
            f"`ansible-playbook site.yml -l {lab.host}`, then break it."
        )


def listed(lab: Lab) -> list[str]:
    """Return a line for each fault that fits a lab."""
    return [f"{one.name}: {one.says}" for one in for_lab(lab)]


def unknown(lab: Lab, seed: int) -> str:
    return (
        f"Something is wrong with {lab.host} now (seed {seed}). Find it and mend it: "
        "docs/break-fix.md says how, and `ansible-playbook grade.yml` tells when it is whole."
    )
