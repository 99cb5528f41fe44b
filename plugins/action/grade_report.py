"""Open a run, and report it: reports are written, a summary is shown on the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.files import ReportError, latest, new_run
from labproof.grading.results import FILE, read_results
from labproof.reports.comparison import Comparison, compare
from labproof.reports.publishing import finish
from labproof.reports.terminal import console, summary
from labproof.reports.view import below

Results = dict[str, Any]

DOCUMENTATION = """
module: grade_report
author: Labproof contributors
short_description: Open a grading run, and report what came of it
description:
  - Makes a run's folder, and at its end writes the reports into it and shows a summary.
  - Nothing but this suite does that.
options:
  state:
    description: Whether the run begins or is at its end.
    type: str
    choices: [opened, reported]
    default: reported
  reports:
    description: Folder of all runs, to open one.
    type: path
    default: reports
  run:
    description: Folder of the run, to report it.
    type: path
    default: ""
  compare:
    description: Run to compare with; the one before if there is one.
    type: path
  pass_mark:
    description: Points that each lab should have; the task fails where one has less.
    type: int
  hosts:
    description: Hosts that were to be graded.
    type: list
    elements: str
    default: []
"""
EXAMPLES = """
- name: Open a folder for the run
  grade_report:
    state: opened
  register: grade_run

- name: Write the reports, and tell what to do next
  grade_report:
    run: "{{ grade_run.folder }}"
    pass_mark: 80
"""
RETURN = """
folder:
  description: Folder of the run; in check mode that of all runs.
  returned: when a run was opened
  type: path
report:
  description: Folder of the run.
  returned: when a run was reported
  type: path
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["state"] == "opened":
            return self.opened(arguments["reports"])
        if self.check_mode:
            return {"skipped": True, "msg": "Reports would be written."}
        run, mark = Path(arguments["run"]), arguments.get("pass_mark")
        earlier = earlier_results(run, arguments.get("compare"))
        results = finish(run, earlier)
        changed = compare(earlier, results) if earlier else None
        graded = {lab["host"] for lab in results["labs"]}
        missing = tuple(host for host in arguments["hosts"] if host not in graded)
        self.show(results, changed, mark, missing, str(shown(run) / "index.html"))
        failing = below(results["labs"], mark) if mark is not None else []
        if failing:
            names = ", ".join(lab["host"] for lab in failing)
            raise ReportError(f"Expected {mark} points or more (pass_mark), found less: {names}.")
        return {"report": str(run)}

    def opened(self, reports: str) -> dict[str, Any]:
        return {"folder": reports if self.check_mode else str(new_run(Path(reports)))}

    def show(
        self,
        results: Results,
        changed: Comparison | None,
        mark: int | None,
        missing: tuple[str, ...],
        where: str,
    ) -> None:
        """Show the summary as it is: a task's message would be quoted and indented."""
        told = summary(console(sys.stdout), results, changed, mark, missing, where)
        self._display.display(f"\n{told}")


def earlier_results(run: Path, chosen: str | None) -> Results | None:
    """Return the results to compare with: those asked for, or those of the run before."""
    if chosen:
        return read_results(Path(chosen))
    before = latest(run.parent)
    if before is None or not (before / FILE).is_file():
        return None
    try:
        return read_results(before)
    except ReportError:
        return None  # written by another version: nobody asked for it


def shown(run: Path) -> Path:
    """Return a run's path as people have it, below the current folder where it is there."""
    return Path(os.path.relpath(run)) if run.is_relative_to(Path.cwd()) else run
