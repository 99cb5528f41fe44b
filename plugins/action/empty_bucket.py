"""Delete every object, version and delete marker of a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import AwsError, is_absent

DOCUMENTATION = """
module: empty_bucket
author: Labproof contributors
short_description: Delete every object, version and delete marker of a bucket
description:
  - In place of O(ignore:force) of M(amazon.aws.s3_bucket), which does not name the version V(null)
    that it deletes. In a versioned bucket that adds a delete marker, and the bucket stays.
options:
  name:
    description: Name of the bucket; one that is not there is empty.
    type: str
    required: true
"""
EXAMPLES = """
- name: Empty a bucket
  empty_bucket:
    name: ada-uploads
"""
RETURN = """
{}
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = arguments["name"]
        versions = self.connection.resource("s3").Bucket(name).object_versions
        try:
            if self.check_mode:
                return {"changed": any(True for _ in versions.limit(1))}
            pages = versions.delete()
        except ClientError as error:
            if is_absent(error):
                return {"changed": False}
            raise
        if errors := [e for page in pages for e in page.get("Errors", [])]:
            raise AwsError(
                f"{len(errors)} objects of {name} cannot be deleted, the first is "
                f"{errors[0]['Key']!r} ({errors[0]['Code']}): lift what protects them."
            )
        return {"changed": bool(pages)}
