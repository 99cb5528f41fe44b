"""Record a snapshot of each lab, whole: ``python -m tests.accuracy.record``.

They are what tests/unit/test_mutated_snapshots.py changes and judges, without AWS.
"""

from __future__ import annotations

import json
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import take
from labproof.grading.judge import judge
from labproof.sandbox import Sandbox
from tests.support.grading import SETTINGS, TIMEOUT_S, client_files
from tests.support.labs import LABS, Bench
from tests.support.sandboxes import free_port

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
FIRST_ACCOUNT = 500000000001
CLIENT_DIR = "/home/learner"


def record(bench: Bench, label: str, account: str) -> dict[str, Any]:
    """Return the snapshot of a lab in order; no path of this machine is in it."""
    entry, _ = bench.built(label, account)
    document = take(entry, client_files(entry), TIMEOUT_S)
    document["lab"]["client_dir"] = document["lab"]["client_dir"] and CLIENT_DIR
    if (score := judge(Snapshot(document))["score"]) != 100:
        raise SystemExit(f"{label} should have 100 points, found {score}: mend the lab.")
    return document


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(Path(folder) / "sandbox", free_port(), SETTINGS)
        sandbox.start()
        try:
            bench = Bench(sandbox, Path(folder))
            for label, number in zip(LABS, count(FIRST_ACCOUNT), strict=False):
                text = json.dumps(record(bench, label, str(number)), indent=1)
                (SNAPSHOTS / f"{label}.json").write_text(f"{text}\n", "utf-8")
        finally:
            sandbox.stop(timeout=5)


if __name__ == "__main__":
    main()
