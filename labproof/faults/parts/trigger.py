"""The way from an upload to the function: a bucket's notifications, by the bucket's name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.setting import Setting, Step, named

TARGETS = "LambdaFunctionConfigurations"


def read_notification(place: Place, bucket: str) -> Any:
    answer = place.aws("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def write_notification(place: Place, bucket: str, targets: Any) -> None:
    # A fault may leave a target that AWS would refuse to validate.
    place.aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=targets, SkipDestinationValidation=True
    )


def to_function(place: Place, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the notifications to the lab's function, be it to an alias of it."""
    arn = place.function_arn
    return [t for t in found.get(TARGETS, []) if f"{t['LambdaFunctionArn']}:".startswith(f"{arn}:")]


def alias_of(place: Place) -> str:
    """Return the alias by which the bucket notifies the function; empty where it is by none."""
    found = to_function(place, read_notification(place, place.lab.source.bucket))
    arn = f"{place.function_arn}:"
    names = [str(target["LambdaFunctionArn"]) for target in found]
    qualifiers = [name.removeprefix(arn) for name in names if name.startswith(arn)]
    return next((q for q in qualifiers if q != "$LATEST"), "")


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
    bucket = place.lab.source.bucket
    before = read_notification(place, bucket)
    targets = to_function(place, before)
    if not targets:
        raise FaultError(
            f"{bucket} does not notify {place.lab.function.name} itself, as it "
            "does where EventBridge delivers: choose another fault."
        )
    change: dict[str, Any] = {"Events": events} if events else {}
    if rule:
        change["Filter"] = {"Key": {"FilterRules": [rule]}}
    if function:
        change["LambdaFunctionArn"] = function
    yield Step("bucket_notification", bucket, before | {TARGETS: [t | change for t in targets]})


NOTIFICATION = Setting(read_notification, write_notification)
SETTINGS = {"bucket_notification": NOTIFICATION}
CHANGES = named(notification_gone, notification)
