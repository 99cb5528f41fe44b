"""Report a run: its labs' entries become ``results.json``, and a summary is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.playbook import LabAction
from labproof.results import finish


class ActionModule(LabAction):
    argument_spec = {"run": {"type": "path", "required": True}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        run = Path(arguments["run"])
        finish(run)
        return {"report": str(run)}
