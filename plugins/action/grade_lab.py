"""Grade one lab: take its snapshot, judge it, and put both into the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from labproof.ansible.action import LabAction
from labproof.aws.answers import error_of, is_error
from labproof.evidence.archive import write_snapshot
from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.grading.judge import judge
from labproof.grading.terms import read_terms
from labproof.labs.lab import Lab
from labproof.reports.publishing import add_lab

Files = dict[str, Any]
NO_FOLDER = "is not a directory"  # as the find module says it

DOCUMENTATION = """
module: grade_lab
author: Labproof contributors
short_description: Grade one lab
description:
  - Reads and probes the lab of the host, judges it, and puts its snapshot and its entry into a run.
  - Nothing but this suite does that. In check mode the lab is not touched.
options:
  run:
    description: Folder of the run, as M(grade_report) has opened it.
    type: path
    required: true
  timeout:
    description: Seconds to wait for what fresh uploads bring about; a default for each flow.
    type: float
"""
EXAMPLES = """
- name: Read, probe and judge
  grade_lab:
    run: "{{ grade_run.folder }}"
"""
RETURN = """
why_not:
  description: Why the lab could not be graded; empty where it was.
  returned: not in check mode
  type: str
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab = self.lab()
        terms = read_terms(lab.host, lab, self.variables)
        if self.check_mode:
            return {"skipped": True, "msg": f"{lab.host} would be probed and graded."}
        entry = InventoryLab(lab, self.connection)
        document = take(entry, self.client(lab), arguments.get("timeout"), terms)
        run = Path(arguments["run"])
        write_snapshot(document, run)
        result = judge(Snapshot(document))
        add_lab(run, result)
        said = f"{lab.host}: {result['score']} of {result['max_score']}"
        return {"msg": said, "why_not": why_not(document)}

    def client(self, lab: Lab) -> Files | None:
        """Return the client's files: ``{name: {"sha256", "size"} | None}``, or an error."""
        if not lab.client.files:
            return None
        look = {
            "paths": [lab.client.dir],
            "patterns": list(lab.client.files),
            "get_checksum": True,
            "checksum_algorithm": "sha256",
        }
        try:
            found = self._execute_module("ansible.builtin.find", look, task_vars=self.task_vars)
        except AnsibleConnectionFailure as error:
            return error_of("ssh", "Unreachable", str(error))
        if found.get("failed"):
            return error_of("find", "Failed", str(found.get("msg")))
        skipped = map(str, found["skipped_paths"].values())
        if unread := [why for why in skipped if not why.endswith(NO_FOLDER)]:
            return error_of("find", "Unreadable", unread[0])
        return by_name(lab, found["files"])


def why_not(document: dict[str, Any]) -> str:
    """Return why a lab could not be graded at all; empty where it was."""
    state = document["state"]
    return str(state["error"]["message"]) if is_error(state) else ""


def by_name(lab: Lab, files: list[dict[str, Any]]) -> Files:
    seen = {Path(f["path"]).name: {"sha256": f["checksum"], "size": f["size"]} for f in files}
    return {name: seen.get(name) for name in lab.client.files}
