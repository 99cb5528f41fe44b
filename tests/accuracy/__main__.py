"""``make accuracy``: the whole matrix, or the faults that are named; writes docs/accuracy.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from labproof.faults import catalogue
from labproof.sandbox import Sandbox

from ..sandbox.sandbox_clients import free_port
from .labs import SETTINGS, Bench
from .matrix import run
from .report import page, told, totals

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("faults", nargs="*", help="faults to plant; all by default")
    chosen = parser.parse_args().faults
    if unknown := set(chosen) - set(catalogue()):
        parser.error(f"unknown faults: {', '.join(sorted(unknown))}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        sandbox = Sandbox(Path(folder) / "sandbox", free_port(), SETTINGS)
        sandbox.start()
        try:
            found = run(Bench(sandbox, Path(folder) / "clients"), chosen)
        finally:
            sandbox.stop(timeout=5)
    if not chosen:
        PAGE.write_text(page(found), "utf-8")
    print("\n".join(told(found)))
    numbers = totals(found)
    summary = ", ".join(f"{count} {name}" for name, count in numbers.items())
    print(f"{summary}; {time.monotonic() - began:.0f} s")
    return int(bool(numbers["false alarms"] or numbers["misses"]))


if __name__ == "__main__":
    sys.exit(main())
