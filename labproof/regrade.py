"""Judge archived snapshots again: the same results a year later, with no access to AWS.

``python -m labproof.regrade FOLDER_OR_SNAPSHOT...`` shows the summary; with ``--output`` it writes
a run as well. Exit status: 0 regraded, 1 it could not be done, 2 wrong arguments, 3 a lab has less
than the pass mark.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from labproof.evidence.archive import FOLDER, read_snapshot, write_snapshot
from labproof.evidence.files import ReportError, new_run
from labproof.evidence.snapshot import Snapshot
from labproof.grading.results import FILE, Results, assemble, entry_of, read_results
from labproof.labs.lab import LabError
from labproof.reports.comparison import compare
from labproof.reports.publishing import PAGE_FILE, add_lab, finish
from labproof.reports.terminal import console, summary
from labproof.reports.view import below

REGRADED, IMPOSSIBLE, USAGE, TOO_FEW = 0, 1, 2, 3


@dataclass(frozen=True)
class Regraded:
    """What came of it; ``run`` is the folder that was written, where one was asked for."""

    results: Results
    earlier: Results | None = None
    run: Path | None = None

    def shown(self, screen: Console, mark: int | None = None) -> str:
        """Return the summary for the terminal, as ``grade.yml`` shows it."""
        changed = compare(self.earlier, self.results) if self.earlier else None
        where = str(self.run / PAGE_FILE) if self.run else ""
        return summary(screen, self.results, changed, mark, where=where)

    def too_few(self, mark: int | None) -> str:
        """Return a sentence that names the labs below a pass mark; empty where there is none."""
        failing = below(self.results["labs"], mark) if mark is not None else []
        names = ", ".join(lab["host"] for lab in failing)
        return f"Expected {mark} points or more (pass mark), found less: {names}." if names else ""


def regrade(
    sources: Iterable[Path], output: Path | None = None, against: Path | None = None
) -> Regraded:
    """Judge snapshots again, and write a run below ``output`` where it is given.

    Raises LabError: an ArchiveError for a snapshot, a ReportError for anything else.
    """
    earlier = read_results(against) if against else None
    snapshots = latest_of_each(read_snapshot(path) for path in snapshots_in(sources))
    if output is None:
        return Regraded(assemble(map(entry_of, snapshots)), earlier)
    run = new_run(output)
    for snapshot in snapshots:
        write_snapshot(snapshot.document, run)
        add_lab(run, entry_of(snapshot))
    return Regraded(finish(run, earlier), earlier, run)


def snapshots_in(sources: Iterable[Path]) -> list[Path]:
    """Return the snapshots of runs, of folders of snapshots, and single ones. Raises ReportError.

    A file is taken as it is: reading it tells whether it is one.
    """
    return [path for source in sources for path in _found(source)]


def latest_of_each(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Return one snapshot of each lab, the one that was taken last."""
    found: dict[str, Snapshot] = {}
    for snapshot in snapshots:
        known = found.get(snapshot.lab.host)
        if known is None or snapshot.document["taken"] >= known.document["taken"]:
            found[snapshot.lab.host] = snapshot
    return list(found.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Regrade from the command line; return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        done = regrade(asked.sources, asked.output, asked.compare)
    except LabError as error:
        print(error, file=sys.stderr)
        return IMPOSSIBLE
    print(done.shown(console(sys.stdout), asked.pass_mark))
    if said := done.too_few(asked.pass_mark):
        print(said, file=sys.stderr)
        return TOO_FEW
    return REGRADED


def _found(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    folder = source / FOLDER if (source / FOLDER).is_dir() else source
    if found := sorted(path for path in folder.glob("*.json") if path.name != FILE):
        return found
    raise ReportError(
        f"{source} holds no snapshots: name the folder of a run, such as reports/latest, or "
        "snapshots themselves."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m labproof.regrade",
        description="Judge archived snapshots again, without AWS, and show what is to be done.",
        epilog="Exit status: 0 regraded, 1 it could not be done, 2 wrong arguments, 3 a lab has "
        "less than the pass mark.",
    )
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="FOLDER_OR_SNAPSHOT", help="a run, or snapshots")
    add("--output", type=Path, metavar="DIR", help="write a run below this folder, as grade.yml")
    add("--compare", type=Path, metavar="RESULTS", help="tell what changed since these results")
    add("--pass-mark", type=int, metavar="N", help="end with 3 where a lab has less points")
    return parser


if __name__ == "__main__":
    sys.exit(main())
