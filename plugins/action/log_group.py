"""Create a log group with its retention and tags."""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.aws.answers import is_error
from labproof.aws.asking import run
from labproof.aws.errors import AwsError
from labproof.evidence.collect.logs import log_group

DOCUMENTATION = """
module: log_group
author: Labproof contributors
short_description: Create a log group with its retention
description:
  - In place of M(amazon.aws.cloudwatchlogs_log_group), which sets the retention in check mode too,
    and deletes a log group with its events where it does not know the days, as 1096.
options:
  name:
    description: Name of the log group.
    type: str
    required: true
  retention:
    description: Days that events are kept, one of those that CloudWatch Logs takes.
    type: int
    default: 14
  tags:
    description: Tags of a new log group.
    type: dict
    default: {}
"""
EXAMPLES = """
- name: Create the log group
  log_group:
    name: /aws/lambda/copy
    retention: 14
"""
RETURN = """
{}
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, days = arguments["name"], arguments["retention"]
        logs, found = self.connection.client("logs"), run(log_group(name), self.connection)
        if found and is_error(found):
            raise AwsError(f"The log group {name} cannot be read: {found['error']['message']}.")
        if found and found["retention_days"] == days:
            return {"changed": False}
        if not self.check_mode:
            if not found:
                tags = {"tags": arguments["tags"]} if arguments["tags"] else {}
                logs.create_log_group(logGroupName=name, **tags)
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        return {"changed": True}
