"""Time the grader: one lab, a class of twenty, and judging alone; and weigh its snapshots.

The labs are built with the SDK on a sandbox of their own, and each is graded once before, so that
its function answers at once. Usage: ``python bench/grade.py [RUNS]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labproof.ansible.inventory import read_host
from labproof.evidence.archive import read_snapshot
from labproof.evidence.taking import InventoryLab
from labproof.grading.judge import judge
from labproof.sandbox import Sandbox

PROJECT = Path(__file__).parents[1]
INVENTORY = PROJECT / "inventory" / "class"
KINDS = ("transfer", "copy", "metadata", "ingestion")
HOSTS = [f"{kind}-{number:02}" for kind in KINDS for number in range(1, 6)]
PORT = 24576


def main() -> None:
    sys.path.insert(0, str(PROJECT))
    from tests.support.learner import build

    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(Path(folder) / "sandbox", PORT)
        os.environ |= {"SANDBOX_PORT": str(PORT), "SANDBOX_FOLDER": str(sandbox.folder)}
        sandbox.start()
        try:
            entries = [read_host(str(INVENTORY), host) for host in HOSTS]
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda entry: build_one(entry, build), entries))
            report(Path(folder) / "reports", runs)
        finally:
            sandbox.stop(timeout=5)


def build_one(entry: InventoryLab, build: Callable[..., None]) -> None:
    build(entry.lab, entry.connection)


def report(reports: Path, runs: int) -> None:
    grade(reports, "all")  # warms every function
    print(f"{'':24}{'median':>9}{'min':>9}{'max':>9}")
    for title, limit in (("one lab", "transfer-01"), ("twenty labs", "all")):
        show(title, [grade(reports, limit) for _ in range(runs)], "s", 1)
    paths = sorted((reports / "latest" / "snapshots").glob("*.json"))
    show("judging one snapshot", [judged(path) for path in paths], "ms", 1000)
    show("size of a snapshot", [path.stat().st_size / 1000 for path in paths], "kB", 1)


def grade(reports: Path, limit: str) -> float:
    """Run grade.yml; return the seconds it took."""
    playbook = str(Path(sys.executable).parent / "ansible-playbook")
    command = [playbook, "grade.yml", "-i", str(INVENTORY), "-l", limit]
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "-e", f"grade_reports={reports}"], cwd=PROJECT, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"grade.yml failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def judged(path: Path) -> float:
    """Return the seconds that judging an archived snapshot takes."""
    snapshot = read_snapshot(path)
    start = time.perf_counter()
    judge(snapshot)
    return time.perf_counter() - start


def show(title: str, values: list[float], unit: str, factor: float) -> None:
    low, middle, high = min(values), statistics.median(values), max(values)
    numbers = "".join(f"{value * factor:8.2f} " for value in (middle, low, high))
    print(f"{title:24}{numbers}{unit}")


if __name__ == "__main__":
    main()
