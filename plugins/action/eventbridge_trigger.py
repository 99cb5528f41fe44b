"""Let uploads to a bucket invoke a function through an EventBridge rule, or no longer.

Own code: ``amazon.aws.cloudwatchevent_rule`` has no check mode, and no collection has a module for
the bucket's side.
"""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.building.eventbridge import Rule, ensure, remove


class ActionModule(LabAction):
    argument_spec = {
        "bucket": {"type": "str", "required": True},
        "function": {"type": "str", "required": True},
        "identity": {"type": "dict", "required": True},
        "suffix": {"type": "str", "default": ""},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        suffix, identity = arguments["suffix"], arguments["identity"]
        rule = Rule(arguments["bucket"], arguments["function"], **identity, suffix=suffix)
        turn = ensure if arguments["state"] == "present" else remove
        changes = turn(rule, self.connection, dry_run=self.check_mode)
        return {"changed": bool(changes), "changes": changes}
