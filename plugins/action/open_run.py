"""Open a new folder for a grading run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.reports.publishing import open_run


class ActionModule(LabAction):
    argument_spec = {"reports": {"type": "path", "default": "reports"}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.check_mode:
            return {"folder": arguments["reports"]}
        return {"folder": str(open_run(Path(arguments["reports"])))}
