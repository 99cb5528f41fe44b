"""Let uploads to a bucket invoke a function, or no longer.

Own code, for what ``lambda_policy`` and ``s3_bucket_notification`` do not give: one retry over both
calls, a check mode that works before the bucket exists, and the removal of exactly what was added.
"""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.building.trigger import Trigger, ensure, remove


class ActionModule(LabAction):
    argument_spec = {
        "bucket": {"type": "str", "required": True},
        "function": {"type": "str", "required": True},
        "events": {"type": "list", "elements": "str", "default": ["s3:ObjectCreated:*"]},
        "identity": {"type": "dict", "required": True},
        "suffix": {"type": "str", "default": ""},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        trigger = Trigger(
            arguments["bucket"],
            arguments["function"],
            tuple(arguments["events"]),
            **arguments["identity"],
            suffix=arguments["suffix"],
        )
        turn = ensure if arguments["state"] == "present" else remove
        changes = turn(trigger, self.connection, dry_run=self.check_mode)
        return {"changed": bool(changes), "changes": changes}
