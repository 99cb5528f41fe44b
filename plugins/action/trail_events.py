"""Let a trail record management events and one bucket's object events, tag it, give it a log group.

``amazon.aws.cloudtrail`` has no parameter for event selectors, and cannot wait for a new role.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code


class ActionModule(LabAction):
    argument_spec = {
        "name": {"type": "str", "required": True},
        "bucket_arn": {"type": "str", "required": True},
        "log_group_arn": {"type": "str", "default": ""},
        "log_role_arn": {"type": "str", "default": ""},
        "tags": {"type": "dict", "default": {}},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        cloudtrail, name = self.connection.client("cloudtrail"), arguments["name"]
        try:
            found = cloudtrail.get_event_selectors(TrailName=name)
        except ClientError as error:
            if self.check_mode and error_code(error) == "TrailNotFoundException":
                return {"changed": True}
            raise
        wanted = [self._selector(arguments["bucket_arn"])]
        changes = []
        if found.get("EventSelectors") != wanted:
            changes.append("event selectors")
            if not self.check_mode:
                cloudtrail.put_event_selectors(TrailName=name, EventSelectors=wanted)
        if self._send_to_log_group(cloudtrail, arguments):
            changes.append("log group")
        if self._tag(cloudtrail, found["TrailARN"], arguments["tags"]):
            changes.append("tags")
        return {"changed": bool(changes), "changes": changes}

    def _selector(self, bucket_arn: str) -> dict[str, Any]:
        return {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"{bucket_arn}/"]}],
            "ExcludeManagementEventSources": [],
        }

    def _send_to_log_group(self, cloudtrail: Any, arguments: dict[str, Any]) -> bool:
        wanted = {
            "CloudWatchLogsLogGroupArn": arguments["log_group_arn"],
            "CloudWatchLogsRoleArn": arguments["log_role_arn"],
        }
        found = cloudtrail.get_trail(Name=arguments["name"])["Trail"]
        if not arguments["log_group_arn"] or wanted.items() <= found.items():
            return False
        if not self.check_mode:
            cloudtrail.update_trail(Name=arguments["name"], **wanted)
        return True

    def _tag(self, cloudtrail: Any, arn: str, tags: dict[str, str]) -> bool:
        listed = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
        found = {t["Key"]: t.get("Value") for entry in listed for t in entry["TagsList"]}
        missing = {k: v for k, v in tags.items() if found.get(k) != v}
        if missing and not self.check_mode:
            pairs = [{"Key": k, "Value": v} for k, v in missing.items()]
            cloudtrail.add_tags(ResourceId=arn, TagsList=pairs)
        return bool(missing)
