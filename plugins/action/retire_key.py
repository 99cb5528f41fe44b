"""Delete a KMS key's alias and schedule the key's deletion: KMS deletes no key at once.

``amazon.aws.kms_key`` leaves the alias on the dying key, where the next build would find it.
https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code

SHORTEST_WINDOW_DAYS = 7


class ActionModule(LabAction):
    argument_spec = {"alias": {"type": "str", "required": True}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        kms, alias = self.connection.client("kms"), arguments["alias"]
        try:
            key = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
        except ClientError as error:
            if error_code(error) == "NotFoundException":
                return {"changed": False}
            raise
        if not self.check_mode:
            kms.delete_alias(AliasName=alias)
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=SHORTEST_WINDOW_DAYS)
        said = f"The key {key} will be deleted in {SHORTEST_WINDOW_DAYS} days."
        return {"changed": True, "msg": said}
