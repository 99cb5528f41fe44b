"""``make accuracy``: the whole proof, which writes docs/accuracy.md, or what of it is named."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from labproof.evidence.uploads import samples
from labproof.faults import catalogue
from labproof.sandbox import Sandbox
from tests.support.grading import SETTINGS
from tests.support.labs import FEW_RECORDS, Bench
from tests.support.sandboxes import free_port

from . import matrix
from .halfway import EARNED, halfway
from .hostile import hostile
from .report import PARTS, page, told, totals
from .running import Job, run
from .variants import VARIANTS, graded
from .verdicts import Verdicts

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
FIRST_ACCOUNT = 400000000001
HOSTILE = ("xfusion", "event-copy", "file-metadata", "secure-ingestion")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("faults", nargs="*", help="faults to plant; all of the proof by default")
    parser.add_argument("--part", choices=PARTS, action="append", help="a part of the proof")
    parser.add_argument(
        "--thorough", action="store_true", help="plant each fault into every kind of lab it fits"
    )
    asked = parser.parse_args()
    if unknown := set(asked.faults) - set(catalogue()):
        parser.error(f"unknown faults: {', '.join(sorted(unknown))}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        sandbox = Sandbox(Path(folder) / "sandbox", free_port(), SETTINGS)
        sandbox.start()
        try:
            found = run(jobs(Bench(sandbox, Path(folder) / "clients"), asked))
        finally:
            sandbox.stop(timeout=5)
    if not asked.faults and not asked.part:
        PAGE.write_text(page(found), "utf-8")
    every = [one for part in found.values() for one in part]
    for line in told(every):
        print(line)
    numbers = totals(every)
    summary = ", ".join(f"{count} {name}" for name, count in numbers.items())
    print(f"{summary}; {time.monotonic() - began:.0f} s")
    return int(bool(numbers["false alarms"] or numbers["misses"]))


def jobs(bench: Bench, asked: argparse.Namespace) -> list[Job]:
    """Return the jobs that are asked for, the longest first."""
    accounts = (str(number) for number in count(FIRST_ACCOUNT))
    faults = [f for f in catalogue().values() if f.name in (asked.faults or catalogue())]
    often = len(faults) if asked.faults or asked.thorough else matrix.OFTEN
    every = [
        *matrix.jobs(bench, accounts, faults, often),
        *(Job("hostile", label, hostile, (bench, label, next(accounts))) for label in HOSTILE),
        *(Job("half-way", label, halfway, (bench, label, next(accounts))) for label in EARNED),
        *(Job("variants", name, variant, (bench, next(accounts), name)) for name in VARIANTS),
    ]
    parts = asked.part or (["faults"] if asked.faults else PARTS)
    return [job for job in every if job.part in parts]


def variant(bench: Bench, account: str, name: str) -> list[Verdicts]:
    """Grade a variant, with many records where the function is another."""
    many = "function" in VARIANTS[name].steps or VARIANTS[name].by_cli
    return [graded(bench, account, name, samples.BULK if many else FEW_RECORDS)]


if __name__ == "__main__":
    sys.exit(main())
