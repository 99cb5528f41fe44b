"""Faults on the way from an upload to the function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.changes.step import Step
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import buckets

TARGETS = "LambdaFunctionConfigurations"


def notification_gone(place: Place, more: bool = False) -> Iterator[Step]:
    """Uploads are told to nobody, by S3 or EventBridge; with ``more``, those to further buckets."""
    names = place.lab.source.more_buckets if more else (place.lab.source.bucket,)
    for name in names:
        yield Step("bucket_notification", name, {})


def notification(
    place: Place,
    events: list[str] | None = None,
    rule: dict[str, str] | None = None,
    function: str = "",
) -> Iterator[Step]:
    """The notification is of other events, under a filter, or for another function."""
    before = buckets.read_notification(place, place.lab.source.bucket)
    change: dict[str, Any] = {"Events": events} if events else {}
    if rule:
        change["Filter"] = {"Key": {"FilterRules": [rule]}}
    if function:
        change["LambdaFunctionArn"] = function
    targets = [target | change for target in mine(place, before)]
    yield Step("bucket_notification", place.lab.source.bucket, before | {TARGETS: targets})


def mine(place: Place, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the notifications to the lab's function. Raises FaultError where there are none."""
    arn = place.words["function_arn"]
    targets = [
        t for t in found.get(TARGETS, []) if f"{t['LambdaFunctionArn']}:".startswith(f"{arn}:")
    ]
    if not targets:
        raise FaultError(
            f"{place.lab.source.bucket} does not notify {place.lab.function.name} itself, as it "
            "does where EventBridge delivers: choose another fault."
        )
    return targets


def alias_of(place: Place) -> str:
    """Return the alias by which the bucket notifies the function; empty where it is by none."""
    found = buckets.read_notification(place, place.lab.source.bucket)
    arn = place.words["function_arn"]
    named = [str(target["LambdaFunctionArn"]) for target in found.get(TARGETS, [])]
    qualifiers = [name.removeprefix(f"{arn}:") for name in named if name.startswith(f"{arn}:")]
    return next((q for q in qualifiers if q != "$LATEST"), "")


CHANGES = {"notification-gone": notification_gone, "notification": notification}
