"""Switch a table's recovery and deletion protection on or off, or set its KMS key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code

DOCUMENTATION = """
module: table_protection
author: Labproof contributors
short_description: Protect a table's data
description:
  - Switches point-in-time recovery and deletion protection, and sets the KMS key, for none of which
    M(community.aws.dynamodb_table) has a parameter.
options:
  name:
    description: Name of the table.
    type: str
    required: true
  recoverable:
    description: Whether point-in-time recovery is on; without it that is left as it is.
    type: bool
  undeletable:
    description: Whether it is protected against deletion; without it that is left as it is.
    type: bool
  key_arn:
    description: KMS key that encrypts it; empty leaves the key as it is.
    type: str
    default: ""
"""
EXAMPLES = """
- name: Protect the table
  table_protection:
    name: Logs
    recoverable: true
    undeletable: true
"""
RETURN = """
changes:
  description: What was changed.
  returned: success
  type: list
  elements: str
  sample: [recovery]
"""
Changes = dict[str, tuple[Callable[..., Any], dict[str, Any]]]


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, dynamodb = arguments["name"], self.connection.client("dynamodb")
        try:
            changes = changes_of(dynamodb, arguments)
        except ClientError as error:
            if not self.check_mode or error_code(error) != "ResourceNotFoundException":
                raise
            return {"changed": True, "changes": ["all, once the table exists"]}
        for call, request in () if self.check_mode else changes.values():
            call(TableName=name, **request)
            dynamodb.get_waiter("table_exists").wait(TableName=name)
        return {"changed": bool(changes), "changes": list(changes)}


def changes_of(dynamodb: Any, wanted: dict[str, Any]) -> Changes:
    """Return the calls that make a table as it should be, by what they change."""
    name, key = wanted["name"], wanted["key_arn"]
    recoverable, undeletable = wanted["recoverable"], wanted["undeletable"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    changes: Changes = {}
    if recoverable is not None and is_recoverable(dynamodb, name) != recoverable:
        recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recoverable}}
        changes["recovery"] = dynamodb.update_continuous_backups, recovery
    if undeletable is not None and bool(table.get("DeletionProtectionEnabled")) != undeletable:
        protection = {"DeletionProtectionEnabled": undeletable}
        changes["deletion protection"] = dynamodb.update_table, protection
    if key and table.get("SSEDescription", {}).get("KMSMasterKeyArn") != key:
        encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        changes["key"] = dynamodb.update_table, {"SSESpecification": encryption}
    return changes


def is_recoverable(dynamodb: Any, name: str) -> bool:
    found = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    status = found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return bool(status == "ENABLED")
