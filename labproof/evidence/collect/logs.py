"""Log groups, and what functions write into them."""

from __future__ import annotations

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, nothing


def log_group(name: str) -> Reader:
    """Read a log group: name, ARN, retention in days; None when absent."""
    (groups,) = yield [call("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)]
    if is_error(groups):
        return groups
    # Groups come in the order of their names: the one that is no longer than the prefix is first.
    group = next((g for g in groups or [] if g["logGroupName"] == name), None)
    if group is None:
        return None
    arn = group["arn"].removesuffix(":*")
    return {
        "name": name,
        "arn": arn,
        "retention_days": group.get("retentionInDays"),
    }


def survey(name: str) -> Reader:
    """Read a log group with its tags."""
    found = yield from log_group(name)
    if nothing(found):
        return found
    (tags,) = yield [call("logs", "list_tags_for_resource", "tags", resourceArn=found["arn"])]
    return found | {"tags": tags or {}}
