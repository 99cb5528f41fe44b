"""The five labs of the sandbox's inventory, built once by its playbooks and copied from then on."""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path

from tests.support.world import World

STEPS = (
    "create-client",
    "create-key",
    "create-source-bucket",
    "create-destination-bucket",
    "create-role",
    "create-table",
    "create-function",
    "create-trigger",
    "create-trail",
)
# Between them, these two labs have every part.
STEPPED = ("devops", "secure-ingestion")
OTHERS = ("xfusion", "event-copy", "file-metadata")
# What each playbook changed, by host
CHANGES = "changes.json"


def built_once(folder: Path, bytecode: Path) -> Path:
    """Return the sandbox's folder with the labs in it, which the first caller of all builds."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / CHANGES).exists():
            shutil.rmtree(folder / "sandbox", ignore_errors=True)
            with World.running(folder / "sandbox", bytecode) as world:
                changes = build(world)
            assert world.sandbox.notice == "", world.sandbox.notice
            (folder / CHANGES).write_text(json.dumps(changes))
    return folder / "sandbox"


def build(world: World) -> dict[str, dict[str, int]]:
    """Build two labs by steps, the others by ``site.yml``; return what each playbook changed."""
    steps = {f"playbooks/{step}.yml": STEPPED for step in STEPS}
    changes = {}
    for playbook, hosts in {**steps, "site.yml": OTHERS}.items():
        run = world.play(playbook, "-l", ":".join(hosts))
        assert run.code == 0, run.messages or run.output
        changes[playbook] = run.changed
    return changes
