"""Open a new folder for a grading run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.files import new_run


class ActionModule(LabAction):
    argument_spec = {"reports": {"type": "path", "default": "reports"}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.check_mode:
            return {"folder": arguments["reports"]}
        return {"folder": str(new_run(Path(arguments["reports"])))}
