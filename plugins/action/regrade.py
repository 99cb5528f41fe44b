"""Judge archived snapshots again, in the controller's process and without AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.files import ReportError
from labproof.regrade import regrade
from labproof.reports.terminal import console


class ActionModule(LabAction):
    argument_spec = {
        "snapshots": {"type": "list", "elements": "path", "required": True},
        "output": {"type": "path"},
        "compare": {"type": "path"},
        "pass_mark": {"type": "int"},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        output, against = (_path(arguments.get(name)) for name in ("output", "compare"))
        sources = [Path(source) for source in arguments["snapshots"]]
        done = regrade(sources, None if self.check_mode else output, against)
        mark = arguments.get("pass_mark")
        self._display.display(f"\n{done.shown(console(sys.stdout), mark)}")
        if said := done.too_few(mark):
            raise ReportError(said)
        return {"changed": done.run is not None, "report": str(done.run or "")}


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
