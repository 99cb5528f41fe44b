"""See what only requests can show of a hardened bucket: plain HTTP refused, calls on record."""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.prove.certain import certain
from labproof.evidence.uploads.records import recorded
from labproof.evidence.uploads.strangers import over_http


class ActionModule(LabAction):
    argument_spec = {"since_ms": {"type": "int", "required": True}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab = self.lab()
        return {
            "transport": certain(over_http(lab, self.connection)),
            "recorded": certain(recorded(lab, self.connection, arguments["since_ms"])) or [],
        }
