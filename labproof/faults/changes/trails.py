"""Faults of the trail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.step import Step
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import trails


def name_of(place: Place) -> str:
    if not place.lab.trail:
        raise FaultError(f"{place.lab.host} has no trail: choose another fault.")
    return place.lab.trail.name


def trail_gone(place: Place) -> Iterator[Step]:
    yield Step("trail", name_of(place), None)


def trail_made_again(place: Place) -> Iterator[Step]:
    """The trail was made again for all regions, and nothing else about it was set."""
    fields = {"S3BucketName": place.bucket("trail"), "IsMultiRegionTrail": True}
    plain = {"fields": fields, "selectors": {}, "logging": False, "tags": []}
    yield Step("trail", name_of(place), plain)


def trail_fields(place: Place, **fields: Any) -> Iterator[Step]:
    """Some settings of the trail are others, by the names of UpdateTrail."""
    before = trails.read_fields(place, name_of(place))
    yield Step("trail_fields", name_of(place), before | fields)


def trail_stopped(place: Place) -> Iterator[Step]:
    yield Step("trail_logging", name_of(place), False)


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


CHANGES = {
    "trail-gone": trail_gone,
    "trail-made-again": trail_made_again,
    "trail-fields": trail_fields,
    "trail-stopped": trail_stopped,
    "trail-events": trail_events,
}
