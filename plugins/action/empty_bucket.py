"""Delete every object, version and delete marker of a bucket.

The ``force`` of ``amazon.aws.s3_bucket`` asks for the version ``null`` as if there were none, which
in a versioned bucket leaves it there under one more delete marker.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import AwsError, is_absent


class ActionModule(LabAction):
    argument_spec = {"name": {"type": "str", "required": True}}

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
