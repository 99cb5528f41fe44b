"""Prove a lab by fresh uploads of its own kind, and return all that was seen of them."""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.prove import copying, ingestion, metadata
from labproof.labs.lab import LabError

PROOFS = {"copy": copying.prove, "metadata": metadata.prove, "ingest": ingestion.prove}


class ActionModule(LabAction):
    argument_spec = {"timeout": {"type": "float", "default": 60.0}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab = self.lab()
        if lab.flow not in PROOFS:
            raise LabError(f"{lab.host} is proved by playbooks/verify-transfer.yml: run that.")
        return {"seen": PROOFS[lab.flow](lab, self.connection, arguments["timeout"])}
