"""Wait until an upload has been copied, audited and logged, the function failed, or time is up."""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.prove.follow import follow_upload
from labproof.evidence.uploads.upload import Upload

FIELDS = ("key", "signed_ms", "uploaded_ms")


class ActionModule(LabAction):
    argument_spec = {
        "key": {"type": "str", "required": True},
        "signed_ms": {"type": "int", "required": True},
        "uploaded_ms": {"type": "int", "required": True},
        "timeout": {"type": "float", "default": 60.0},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        upload = Upload("client", wanted_items=1, **{n: arguments[n] for n in FIELDS})
        seen = follow_upload(self.lab(), self.connection, upload, arguments["timeout"])
        return {"seen": seen.as_dict()}
