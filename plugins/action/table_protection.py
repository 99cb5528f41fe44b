"""Switch a table's recovery and deletion protection on or off, or set its KMS key."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import is_absent

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


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        changes = []
        try:
            if self._recovery(arguments["name"], arguments["recoverable"]):
                changes.append("recovery")
            if self._deletion(arguments["name"], arguments["undeletable"]):
                changes.append("deletion protection")
            if self._encryption(arguments["name"], arguments["key_arn"]):
                changes.append("key")
        except ClientError as error:
            if not is_absent(error) or not self.check_mode:
                raise
            changes.append("all, once the table exists")
        return {"changed": bool(changes), "changes": changes}

    def _recovery(self, name: str, wanted: bool | None) -> bool:
        if wanted is None:
            return False
        dynamodb = self.connection.client("dynamodb")
        found = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        status = found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        if (status == "ENABLED") == wanted:
            return False
        if not self.check_mode:
            dynamodb.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": wanted},
            )
        return True

    def _deletion(self, name: str, wanted: bool | None) -> bool:
        if wanted is None:
            return False
        dynamodb = self.connection.client("dynamodb")
        table = dynamodb.describe_table(TableName=name)["Table"]
        if bool(table.get("DeletionProtectionEnabled")) == wanted:
            return False
        if not self.check_mode:
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=wanted)
            dynamodb.get_waiter("table_exists").wait(TableName=name)
        return True

    def _encryption(self, name: str, key_arn: str) -> bool:
        if not key_arn:
            return False
        dynamodb = self.connection.client("dynamodb")
        table = dynamodb.describe_table(TableName=name)["Table"]
        if table.get("SSEDescription", {}).get("KMSMasterKeyArn") == key_arn:
            return False
        if not self.check_mode:
            wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_arn}
            dynamodb.update_table(TableName=name, SSESpecification=wanted)
            dynamodb.get_waiter("table_exists").wait(TableName=name)
        return True
