"""A lab of a kind that the suite does not know needs an inventory group and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.world import PROJECT, SANDBOX_INVENTORY, World

PAGE = PROJECT / "docs" / "sixth-lab.md"


def worked_example() -> str:
    """Return the inventory of the page: its first YAML block."""
    found = re.search(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, "the page shows an inventory"
    return found.group(1)


def test_the_worked_example_is_built_proved_judged_and_removed(
    world: World, tmp_path: Path
) -> None:
    shutil.copytree(SANDBOX_INVENTORY / "group_vars", tmp_path / "inventory" / "group_vars")
    (tmp_path / "inventory" / "hosts.yml").write_text(worked_example())
    world.inventory = tmp_path / "inventory"
    for playbook in ("site.yml", "verify.yml"):
        run = world.play(playbook)
        assert run.code == 0, run.messages
    assert set(world.play("site.yml").changed.values()) == {0}
    done = world.check()
    assert done.returncode == 0, done.stdout
    assert world.play("destroy.yml").code == 0
