"""What S3 refuses of a bucket's notification configuration.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from labproof.analysis.policies import s3_may_invoke
from labproof.sandbox.strict.documents import parsed
from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

NAMES = {"CloudFunction": "lambda", "Queue": "sqs", "Topic": "sns"}
INVALID = "Unable to validate the following destination configurations"
OVERLAP = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
    "prefixes are overlapping for the same event type."
)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html#supported-notification-event-types
EVENTS = {
    "TestEvent": (),
    "ObjectCreated": ("Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": ("Delete", "DeleteMarkerCreated"),
    "ObjectRestore": ("Post", "Completed", "Delete"),
    "ReducedRedundancyLostObject": (),
    "Replication": (
        *("OperationFailedReplication", "OperationMissedThreshold"),
        *("OperationReplicatedAfterThreshold", "OperationNotTracked"),
    ),
    "LifecycleExpiration": ("Delete", "DeleteMarkerCreated"),
    "LifecycleTransition": (),
    "IntelligentTiering": (),
    "ObjectTagging": ("Put", "Delete"),
    "ObjectAcl": ("Put",),
    "ObjectAnnotation": ("Put", "Delete"),
}


class Target(NamedTuple):
    """One notification: where it goes, for which events, for keys that begin and end so."""

    arn: str
    events: tuple[str, ...]
    prefix: str
    suffix: str


def events_are_known(request: Request, _: Emulator) -> None:
    """An event type that S3 does not have.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    """
    for target in targets(request):
        for event in target.events:
            if not is_event(event):
                raise Refusal(
                    "InvalidArgument",
                    "A specified event is not supported for notifications.",
                    details={"ArgumentName": "Event", "ArgumentValue": event},
                )


def targets_do_not_overlap(request: Request, _: Emulator) -> None:
    """Two targets for one event type whose filters take in the same key.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    for one, other in combinations(targets(request), 2):
        if overlaps(one, other):
            raise Refusal("InvalidArgument", OVERLAP)


def functions_may_be_invoked(request: Request, emulator: Emulator) -> None:
    """A function of another region, that is not there, or that S3 may not invoke for this bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    if request.headers.get("x-amz-skip-destination-validation", "").lower() == "true":
        return
    account = emulator.account(request.access_key)
    for target in targets(request):
        parts = target.arn.split(":")
        if parts[2:3] != ["lambda"]:
            continue
        if parts[3] != region_of(request, emulator, account):
            why = "The notification destination service region is not valid for the bucket location"
            raise Refusal("InvalidArgument", f"{why} constraint")
        if why := refusal_of(target.arn, request, emulator, account):
            raise Refusal(
                "InvalidArgument",
                INVALID,
                details={"ArgumentName1": target.arn, "ArgumentValue1": why},
            )


def refusal_of(arn: str, request: Request, emulator: Emulator, account: str) -> str:
    """Return why S3 may not invoke a function, empty where it may."""
    parts = arn.split(":")
    region, owner, name = parts[3], parts[4], parts[6]
    whole = {"FunctionName": name, "region": region}
    qualifier = {"Qualifier": parts[7]} if len(parts) > 7 else {}
    if emulator.ask("lambda", "get_function", owner, **whole, **qualifier) is None:
        return "The destination Lambda does not exist"
    found = emulator.ask("lambda", "get_policy", owner, **whole, **qualifier) or {}
    policy = parsed(found.get("Policy"))
    bucket = f"arn:{parts[1]}:s3:::{request.bucket}"
    allowed = s3_may_invoke(policy, arn, bucket, account)
    return "" if allowed else f"Not authorized to invoke function [{arn}]"


def region_of(request: Request, emulator: Emulator, account: str) -> str:
    found = emulator.ask("s3", "get_bucket_location", account, Bucket=request.bucket) or {}
    return str(found.get("LocationConstraint") or "us-east-1")


def targets(request: Request) -> list[Target]:
    """Return the notifications of a configuration; malformed XML is left to the emulator."""
    try:
        root = ET.fromstring(request.body)  # noqa: S314 - bounded, and of the sandbox's own user
    except ET.ParseError:
        return []
    found = []
    for element in root:
        arn = next((text(c) for c in element if local(c) in NAMES), "")
        if arn:
            events = tuple(text(c) for c in element if local(c) == "Event")
            found.append(Target(arn, events, rule(element, "prefix"), rule(element, "suffix")))
    return found


def rule(element: Any, name: str) -> str:
    """Return what a filter asks of a key's beginning or end."""
    for found in element.iter():
        if local(found) == "FilterRule":
            parts = {local(c): text(c) for c in found}
            if parts.get("Name", "").lower() == name:
                return parts.get("Value", "")
    return ""


def overlaps(one: Target, other: Target) -> bool:
    return (
        any(same_event(a, b) for a in one.events for b in other.events)
        and either(one.prefix, other.prefix, str.startswith)
        and either(one.suffix, other.suffix, str.endswith)
    )


def same_event(one: str, other: str) -> bool:
    group = one.removesuffix("*") if one.endswith(":*") else other.removesuffix("*")
    wide = one.endswith(":*") or other.endswith(":*")
    return one == other or (wide and one.startswith(group) and other.startswith(group))


def either(one: str, other: str, within: Any) -> bool:
    return bool(within(one, other) or within(other, one))


def is_event(event: str) -> bool:
    service, _, rest = event.partition(":")
    group, _, kind = rest.partition(":")
    known = EVENTS.get(group)
    return service == "s3" and known is not None and (kind in known or kind == "*" or not kind)


def local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def text(element: Any) -> str:
    return (element.text or "").strip()


RULES = {
    "s3:PutBucketNotification": [
        events_are_known,
        targets_do_not_overlap,
        functions_may_be_invoked,
    ]
}
