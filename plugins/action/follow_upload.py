"""Wait until an upload has been copied, audited and logged, the function failed, or time is up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from labproof.follow import Transfer, follow
from labproof.playbook import LabAction


class ActionModule(LabAction):
    argument_spec = {
        "key": {"type": "str", "required": True},
        "signed_ms": {"type": "int", "required": True},
        "uploaded_ms": {"type": "int", "required": True},
        "timeout": {"type": "float", "default": 60.0},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        upload = Transfer(arguments["key"], arguments["signed_ms"], arguments["uploaded_ms"])
        seen = follow(self.lab(), self.connection, upload, arguments["timeout"])
        return {"seen": asdict(seen) | {"failed": seen.failed}}
