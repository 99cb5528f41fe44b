"""The trail, by name: what it covers, what it records, whether it is logging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.place import Place
from labproof.faults.setting import Setting, Step, named, sets, whole

# What CreateTrail and UpdateTrail take, as GetTrail calls it, and what they call otherwise
CARRIED = (
    *("S3BucketName", "S3KeyPrefix", "IncludeGlobalServiceEvents", "IsMultiRegionTrail"),
    *("LogFileValidationEnabled", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId"),
)
RENAMED = {"LogFileValidationEnabled": "EnableLogFileValidation"}
SELECTORS = ("EventSelectors", "AdvancedEventSelectors")


def read_fields(place: Place, trail: str) -> Any:
    """Return the trail's settings as UpdateTrail takes them."""
    answer = place.aws("cloudtrail").get_trail(Name=trail)["Trail"]
    return {RENAMED.get(name, name): answer[name] for name in CARRIED if name in answer}


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
    arn = cloudtrail.get_trail(Name=trail)["Trail"]["TrailARN"]
    tags = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    return {
        "fields": read_fields(place, trail),
        "tags": [tag for one in tags for tag in one["TagsList"]],
    }


def make_trail(place: Place, trail: str, wanted: Any) -> None:
    tags = {"TagsList": wanted["tags"]} if wanted["tags"] else {}
    place.aws("cloudtrail").create_trail(Name=trail, **wanted["fields"], **tags)


def remove_trail(place: Place, trail: str) -> None:
    place.aws("cloudtrail").delete_trail(Name=trail)


def name_of(place: Place) -> str:
    return place.needed("trail", place.lab.trail.name)


def trail_made_again(place: Place) -> Iterator[Step]:
    """The trail was made again for all regions, and nothing else about it was set."""
    fields = {"S3BucketName": place.bucket("trail"), "IsMultiRegionTrail": True}
    yield Step("trail", name_of(place), {"fields": fields, "tags": []})


def trail_fields(place: Place, **fields: Any) -> Iterator[Step]:
    """Some settings of the trail are others, by the names of UpdateTrail."""
    before = read_fields(place, name_of(place))
    yield Step("trail_fields", name_of(place), before | fields)


def trail_events(
    place: Place, reads_and_writes: str = "All", management: bool = True, objects: str = ""
) -> Iterator[Step]:
    """The trail records these events only; ``objects`` is an ARN that they begin with."""
    data = [{"Type": "AWS::S3::Object", "Values": [objects]}] if objects else []
    selector = {
        "ReadWriteType": reads_and_writes,
        "IncludeManagementEvents": management,
        "DataResources": data,
    }
    yield Step("trail_selectors", name_of(place), {"EventSelectors": [selector]})


LOGGING = Setting(read_logging, write_logging)
EVENTS = Setting(read_selectors, write_selectors)
SETTINGS = {
    "trail_fields": Setting(read_fields, write_fields),
    "trail_selectors": EVENTS,
    "trail_logging": LOGGING,
    "trail": whole(read_trail, make_trail, remove_trail, selectors=EVENTS, logging=LOGGING),
}
CHANGES = {
    **named(trail_made_again, trail_fields, trail_events),
    "trail-gone": sets("trail", name_of, None),
    "trail-stopped": sets("trail_logging", name_of, False),
}
