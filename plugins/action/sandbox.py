"""Start or stop the embedded sandbox on the control node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.sandbox import Sandbox


class ActionModule(LabAction):
    argument_spec = {
        "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
        "folder": {"type": "path", "required": True},
        "port": {"type": "int", "default": 4566},
        "timeout": {"type": "float", "default": 30.0},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        sandbox = Sandbox(Path(arguments["folder"]), arguments["port"])
        started = arguments["state"] == "started"
        turn = sandbox.start if started else sandbox.stop
        changed = turn(arguments["timeout"])
        warnings = [sandbox.notice] if sandbox.notice else []
        return {"changed": changed, "endpoint_url": sandbox.endpoint_url, "warnings": warnings}
