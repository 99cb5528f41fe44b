"""Settings of the lab's trail, by its name, and the trail as a whole."""

from __future__ import annotations

from typing import Any

from labproof.faults.place import Place
from labproof.faults.settings.reading import found

# What CreateTrail and UpdateTrail take, by the name that GetTrail gives it.
FIELDS = {
    "S3BucketName": "S3BucketName",
    "S3KeyPrefix": "S3KeyPrefix",
    "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "LogFileValidationEnabled": "EnableLogFileValidation",
    "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
    "KmsKeyId": "KmsKeyId",
}
SELECTORS = ("EventSelectors", "AdvancedEventSelectors")


def read_fields(place: Place, trail: str) -> Any:
    """Return the trail's settings as UpdateTrail takes them."""
    answer = place.aws("cloudtrail").get_trail(Name=trail)["Trail"]
    return {given: answer[name] for name, given in FIELDS.items() if name in answer}


def write_fields(place: Place, trail: str, fields: Any) -> None:
    place.aws("cloudtrail").update_trail(Name=trail, **fields)


def read_selectors(place: Place, trail: str) -> Any:
    answer = place.aws("cloudtrail").get_event_selectors(TrailName=trail)
    return {name: answer[name] for name in SELECTORS if answer.get(name)}


def write_selectors(place: Place, trail: str, selectors: Any) -> None:
    if selectors:
        place.aws("cloudtrail").put_event_selectors(TrailName=trail, **selectors)


def read_logging(place: Place, trail: str) -> Any:
    return place.aws("cloudtrail").get_trail_status(Name=trail)["IsLogging"]


def write_logging(place: Place, trail: str, on: Any) -> None:
    cloudtrail = place.aws("cloudtrail")
    (cloudtrail.start_logging if on else cloudtrail.stop_logging)(Name=trail)


def read_trail(place: Place, trail: str) -> Any:
    cloudtrail = place.aws("cloudtrail")
    answer = found(lambda: cloudtrail.get_trail(Name=trail))
    if answer is None:
        return None
    tags = cloudtrail.list_tags(ResourceIdList=[answer["Trail"]["TrailARN"]])["ResourceTagList"]
    return {
        "fields": read_fields(place, trail),
        "selectors": read_selectors(place, trail),
        "logging": read_logging(place, trail),
        "tags": [tag for one in tags for tag in one["TagsList"]],
    }


def write_trail(place: Place, trail: str, wanted: Any) -> None:
    """Make the trail anew; None leaves none."""
    cloudtrail = place.aws("cloudtrail")
    found(lambda: cloudtrail.delete_trail(Name=trail))
    if wanted is None:
        return
    tags = {"TagsList": wanted["tags"]} if wanted["tags"] else {}
    cloudtrail.create_trail(Name=trail, **wanted["fields"], **tags)
    write_selectors(place, trail, wanted["selectors"])
    write_logging(place, trail, wanted["logging"])


SETTINGS = {
    "trail_fields": (read_fields, write_fields),
    "trail_selectors": (read_selectors, write_selectors),
    "trail_logging": (read_logging, write_logging),
    "trail": (read_trail, write_trail),
}
