"""Let a trail record management events and one bucket's object events.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code

DOCUMENTATION = """
module: trail_events
author: Labproof contributors
short_description: Let a trail record who reads and writes a bucket's objects
description:
  - For M(amazon.aws.cloudtrail), which has no parameter for event selectors. Management events are
    recorded as well.
options:
  name:
    description: Name of the trail.
    type: str
    required: true
  bucket_arn:
    description: ARN of the bucket.
    type: str
    required: true
"""
EXAMPLES = """
- name: Record who reads and writes objects
  trail_events:
    name: ada
    bucket_arn: arn:aws:s3:::ada-uploads
"""
RETURN = """
changed:
  description: Whether the trail's event selectors were written, or would be.
  type: bool
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        cloudtrail, name = self.connection.client("cloudtrail"), arguments["name"]
        wanted = [selector(arguments["bucket_arn"])]
        try:
            if cloudtrail.get_event_selectors(TrailName=name).get("EventSelectors") == wanted:
                return {"changed": False}
        except ClientError as error:
            if not self.check_mode or error_code(error) != "TrailNotFoundException":
                raise
        if not self.check_mode:
            cloudtrail.put_event_selectors(TrailName=name, EventSelectors=wanted)
        return {"changed": True}


def selector(bucket_arn: str) -> dict[str, Any]:
    return {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"{bucket_arn}/"]}],
        "ExcludeManagementEventSources": [],
    }
