"""Write a bucket's notifications together with its EventBridge configuration.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code

DOCUMENTATION = """
module: bucket_notifications
author: Labproof contributors
short_description: Notify of a bucket's events, by EventBridge too
description:
  - In place of M(community.aws.s3_bucket_notification) where EventBridge is concerned, as it writes
    a bucket's notifications without its EventBridge configuration, which S3 then drops.
  - Everything else that the bucket notifies is kept.
options:
  name:
    description: Name of the bucket.
    type: str
    required: true
  eventbridge:
    description: Whether its events go to EventBridge; V(false) leaves that as it is.
    type: bool
    default: false
  event_name:
    description: Id of a notification to a function; empty for none.
    type: str
    default: ""
  lambda_function_arn:
    description: Function to be notified; empty to take the notification away.
    type: str
    default: ""
  events:
    description: S3 event types to be notified of.
    type: list
    elements: str
    default: []
"""
EXAMPLES = """
- name: Send the bucket's events to EventBridge
  bucket_notifications:
    name: ada-uploads
    eventbridge: true
"""
RETURN = """
changed:
  description: Whether the configuration was written, or would be.
  type: bool
"""
LAMBDAS = "LambdaFunctionConfigurations"
EVENTBRIDGE = "EventBridgeConfiguration"


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        bucket, s3 = arguments["name"], self.connection.client("s3")
        try:
            found = s3.get_bucket_notification_configuration(Bucket=bucket)
        except ClientError as error:
            if not self.check_mode or error_code(error) != "NoSuchBucket":
                raise
            found = {}
        found.pop("ResponseMetadata", None)
        wanted = wanted_of(found, arguments)
        if wanted == found:
            return {"changed": False}
        if not self.check_mode:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=wanted
            )
        return {"changed": True}


def wanted_of(found: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a notification configuration with what the arguments add to it, or take away."""
    wanted = found | ({EVENTBRIDGE: {}} if arguments["eventbridge"] else {})
    name, function = arguments["event_name"], arguments["lambda_function_arn"]
    if not name:
        return wanted
    before = found.get(LAMBDAS, [])
    mine = [{"Id": name, "LambdaFunctionArn": function, "Events": arguments["events"]}]
    after = [one for one in before if one["Id"] != name] + (mine if function else [])
    return wanted | ({LAMBDAS: after} if after or before else {})
