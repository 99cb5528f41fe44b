"""Grade one lab: take its snapshot, judge it, and put both into the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from labproof.archive import write_snapshot
from labproof.grading import take
from labproof.inventory import InventoryLab
from labproof.judge import judge
from labproof.labs import Lab
from labproof.playbook import LabAction
from labproof.results import add_lab
from labproof.snapshot import Snapshot, error_of
from labproof.terms import read_terms

Files = dict[str, Any]


class ActionModule(LabAction):
    argument_spec = {
        "run": {"type": "path", "required": True},
        "timeout": {"type": "float"},
    }

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
        return {"msg": f"{lab.host}: {result['score']} of {result['max_score']}"}

    def client(self, lab: Lab) -> Files | None:
        """Return the client's files: ``{name: {"sha256", "size"} | None}``, or an error."""
        if not lab.client_files:
            return None
        look = {
            "paths": [lab.client_dir],
            "patterns": list(lab.client_files),
            "get_checksum": True,
            "checksum_algorithm": "sha256",
        }
        try:
            found = self._execute_module("ansible.builtin.find", look, task_vars=self.task_vars)
        except AnsibleConnectionFailure as error:
            return error_of("ssh", "Unreachable", str(error))
        if found.get("failed"):
            return error_of("find", "Failed", str(found.get("msg")))
        return by_name(lab, found["files"])


def by_name(lab: Lab, files: list[dict[str, Any]]) -> Files:
    seen = {Path(f["path"]).name: {"sha256": f["checksum"], "size": f["size"]} for f in files}
    return {name: seen.get(name) for name in lab.client_files}
