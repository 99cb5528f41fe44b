"""The playbook judges archived snapshots again as ``python -m labproof.regrade`` does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.world import PROJECT

SNAPSHOTS = ("tests/snapshots/xfusion.json", "tests/snapshots/devops.json")


def regrade(*options: str) -> tuple[int, str]:
    """Run the playbook; return its exit status and what it showed."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/regrade.yml"]
    command += ["-i", "localhost,"]
    for option in options:
        command += [option] if option.startswith("--") else ["-e", option]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout


def test_snapshots_are_judged_and_a_run_is_written(tmp_path: Path) -> None:
    asked = (f"from={','.join(SNAPSHOTS)}", f"output={tmp_path}")
    status, shown = regrade(*asked, "--check")
    assert (status, list(tmp_path.iterdir())) == (0, [])
    status, shown = regrade(*asked)
    assert status == 0, shown
    assert "xfusion" in shown
    assert "devops" in shown
    assert "changed=1" in shown
    assert (tmp_path / "latest" / "results.json").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((f"from={SNAPSHOTS[0]}", "pass_mark=101"), "Expected 101 points or more"),
        (("from=tests/support",), "holds no snapshots"),
    ],
)
def test_what_cannot_be_done_is_told(options: tuple[str, ...], said: str) -> None:
    status, shown = regrade(*options)
    assert status == 2
    assert said in " ".join(shown.split())
