"""Let a bucket log its requests into another bucket, and let go of what has grown old.

``community.aws.s3_logging`` lets the log in by an ACL, which a bucket without ACLs refuses, and
``community.aws.s3_lifecycle`` has no check mode.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.ansible.action import LabAction
from labproof.aws.errors import error_code

RULE = "labproof-upkeep"
UNFINISHED_UPLOAD_DAYS = 7


class ActionModule(LabAction):
    argument_spec = {
        "name": {"type": "str", "required": True},
        "log_bucket": {"type": "str", "default": ""},
        "old_versions_days": {"type": "int", "default": 0},
        "objects_days": {"type": "int", "default": 0},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        changes = []
        try:
            if self._log(arguments["name"], arguments["log_bucket"]):
                changes.append("access log")
            if self._expire(arguments["name"], rule(arguments)):
                changes.append("lifecycle")
        except ClientError as error:
            if not self.check_mode or error_code(error) != "NoSuchBucket":
                raise
            changes.append("all, once the bucket exists")
        return {"changed": bool(changes), "changes": changes}

    def _log(self, name: str, target: str) -> bool:
        s3 = self.connection.client("s3")
        wanted = {"TargetBucket": target, "TargetPrefix": f"{name}/"}
        if not target or s3.get_bucket_logging(Bucket=name).get("LoggingEnabled") == wanted:
            return False
        if not self.check_mode:
            s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": wanted})
        return True

    def _expire(self, name: str, wanted: dict[str, Any]) -> bool:
        s3, found = self.connection.client("s3"), self._rules(name)
        if not wanted or wanted in found:
            return False
        if not self.check_mode:
            others = [r for r in found if r.get("ID") != RULE]
            rules = {"Rules": [*others, wanted]}
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=rules)
        return True

    def _rules(self, name: str) -> list[dict[str, Any]]:
        s3 = self.connection.client("s3")
        try:
            found = s3.get_bucket_lifecycle_configuration(Bucket=name)
        except ClientError as error:
            if error_code(error) == "NoSuchLifecycleConfiguration":
                return []
            raise
        rules: list[dict[str, Any]] = found["Rules"]
        return rules


def rule(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the lifecycle rule of the days asked for, or nothing where none are."""
    old, objects = arguments["old_versions_days"], arguments["objects_days"]
    if not old and not objects:
        return {}
    return {
        "ID": RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
        "Expiration": {"Days": objects} if objects else {"ExpiredObjectDeleteMarker": True},
        **({"NoncurrentVersionExpiration": {"NoncurrentDays": old}} if old else {}),
    }
