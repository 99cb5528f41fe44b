"""Log groups, by name. What a group held does not come back with it."""

from __future__ import annotations

from typing import Any

from labproof.faults.place import Place
from labproof.faults.setting import sets, whole


def read_group(place: Place, name: str) -> Any:
    """Return a log group's settings, None where there is no such group."""
    logs = place.aws("logs")
    listed = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    group = next((one for one in listed if one["logGroupName"] == name), None)
    if group is None:
        return None
    arn = group["arn"].removesuffix(":*")
    return {
        "retention_days": group.get("retentionInDays"),
        "key": group.get("kmsKeyId"),
        "tags": logs.list_tags_for_resource(resourceArn=arn)["tags"],
    }


def make_group(place: Place, name: str, wanted: Any) -> None:
    logs = place.aws("logs")
    given = {"tags": wanted["tags"], "kmsKeyId": wanted["key"]}
    logs.create_log_group(logGroupName=name, **{k: v for k, v in given.items() if v})
    if days := wanted["retention_days"]:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def remove_group(place: Place, name: str) -> None:
    place.aws("logs").delete_log_group(logGroupName=name)


SETTINGS = {"log_group": whole(read_group, make_group, remove_group)}
CHANGES = {"log-group-gone": sets("log_group", lambda place: place.lab.function.log_group, None)}
