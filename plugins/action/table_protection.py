"""Switch a table's point-in-time recovery and deletion protection on or off, or set its KMS key.

``community.aws.dynamodb_table`` has no parameter for any of them.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import is_absent


class ActionModule(LabAction):
    argument_spec = {
        "name": {"type": "str", "required": True},
        "recoverable": {"type": "bool"},
        "undeletable": {"type": "bool"},
        "key_arn": {"type": "str", "default": ""},
    }

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
