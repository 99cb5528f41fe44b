"""Create or delete a function's log group, with its retention and tags.

In the control node's process: as a module run of its own it would be a tenth of building a lab
(``make bench``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labproof.ansible.action import LabAction
from labproof.aws.answers import is_error
from labproof.aws.asking import run
from labproof.aws.errors import AwsError
from labproof.evidence.collect.logs import log_group


class ActionModule(LabAction):
    argument_spec = {
        "name": {"type": "str", "required": True},
        "retention": {"type": "int", "default": 14},
        "tags": {"type": "dict", "default": {}},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, logs = arguments["name"], self.connection.client("logs")
        found = run(log_group(name), self.connection)
        if found is not None and is_error(found):
            raise AwsError(f"The log group {name} cannot be read: {found['error']['message']}.")
        changes: list[tuple[Callable[..., Any], dict[str, Any]]] = []
        if arguments["state"] == "absent":
            if found:
                changes.append((logs.delete_log_group, {}))
        else:
            if not found:
                tags = {"tags": arguments["tags"]} if arguments["tags"] else {}
                changes.append((logs.create_log_group, tags))
            if not found or found["retention_days"] != arguments["retention"]:
                retention = {"retentionInDays": arguments["retention"]}
                changes.append((logs.put_retention_policy, retention))
        if not self.check_mode:
            for call, request in changes:
                call(logGroupName=name, **request)
        return {"changed": bool(changes)}
