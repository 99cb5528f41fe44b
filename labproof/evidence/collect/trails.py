"""Trails of CloudTrail."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, call, items, nothing, paged, tags
from labproof.evidence.collect.buckets import exists

MOST_PAGES = 5


def trail(name: str) -> Reader:
    """Read a trail: configuration, status, both kinds of event selectors; None when absent."""
    found, status, selectors = yield [
        call("cloudtrail", "get_trail", "Trail", Name=name),
        call("cloudtrail", "get_trail_status", Name=name),
        call("cloudtrail", "get_event_selectors", TrailName=name),
    ]
    if nothing(found):
        return found
    bucket = found.get("S3BucketName")
    there = yield from _there(bucket)
    return {
        "name": name,
        "arn": found["TrailARN"],
        "bucket": bucket,
        "bucket_exists": there,
        "multi_region": found.get("IsMultiRegionTrail"),
        "validated": found.get("LogFileValidationEnabled"),
        "logging": _of(status, "IsLogging"),
        "delivery_error": _of(status, "LatestDeliveryError"),
        "selectors": _of(selectors, "EventSelectors", []),
        "advanced_selectors": _of(selectors, "AdvancedEventSelectors", []),
    }


def survey(name: str) -> Reader:
    """Read no more of a trail than whose it is."""
    (found,) = yield [call("cloudtrail", "get_trail", "Trail", Name=name)]
    if nothing(found):
        return found
    return {"name": name, "arn": found["TrailARN"], "tags": (yield from _tags(found["TrailARN"]))}


def _of(answer: Any, name: str, otherwise: Any = None) -> Any:
    return answer if is_error(answer) else (answer or {}).get(name) or otherwise


def _there(bucket: str | None) -> Reader:
    return (yield from exists(bucket)) if bucket else False


def _tags(arn: str) -> Reader:
    (pages,) = yield [paged("cloudtrail", "list_tags", MOST_PAGES, ResourceIdList=[arn])]
    found = items(pages, "ResourceTagList")
    if is_error(found):
        return found
    return tags([tag for resource in found for tag in resource["TagsList"]])
