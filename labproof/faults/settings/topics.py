"""Topics, by name."""

from __future__ import annotations

from typing import Any

from labproof.evidence.collect.extensions import topic_arn
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings.reading import found, removed

CARRIED = ("DisplayName", "Policy", "DeliveryPolicy", "KmsMasterKeyId")


def read_topic(place: Place, name: str) -> Any:
    """Return a topic as it can be made again. Raises FaultError for one with subscriptions."""
    sns, arn = place.aws("sns"), topic_arn(name, place.identity)
    answer = found(lambda: sns.get_topic_attributes(TopicArn=arn))
    if answer is None:
        return None
    if sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        raise FaultError(f"{name} has subscriptions, which would have to be confirmed again.")
    return {
        "attributes": {n: answer["Attributes"][n] for n in CARRIED if answer["Attributes"].get(n)},
        "tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
    }


def write_topic(place: Place, name: str, wanted: Any) -> None:
    """Make the topic anew; None leaves none."""
    sns, arn = place.aws("sns"), topic_arn(name, place.identity)
    removed(lambda: sns.delete_topic(TopicArn=arn))
    if wanted is not None:
        sns.create_topic(Name=name, Attributes=wanted["attributes"], Tags=wanted["tags"])


SETTINGS = {"topic": (read_topic, write_topic)}
