"""Let a bucket log its requests into another bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code

DOCUMENTATION = """
module: bucket_logging
author: Labproof contributors
short_description: Log the requests to a bucket into another one
description:
  - In place of M(community.aws.s3_logging), which lets the log in by an ACL. A bucket whose ACLs
    are switched off refuses that. The other bucket's policy has to let the log in.
options:
  name:
    description: Name of the bucket.
    type: str
    required: true
  target_bucket:
    description: Bucket of the log, under the name of the first one.
    type: str
    required: true
"""
EXAMPLES = """
- name: Log who reads and writes
  bucket_logging:
    name: ada-uploads
    target_bucket: ada-logs
"""
RETURN = """
changed:
  description: Whether logging was switched on, or would be.
  type: bool
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, s3 = arguments["name"], self.connection.client("s3")
        wanted = {"TargetBucket": arguments["target_bucket"], "TargetPrefix": f"{name}/"}
        try:
            if s3.get_bucket_logging(Bucket=name).get("LoggingEnabled") == wanted:
                return {"changed": False}
        except ClientError as error:
            if not self.check_mode or error_code(error) != "NoSuchBucket":
                raise
        if not self.check_mode:
            s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": wanted})
        return {"changed": True}
