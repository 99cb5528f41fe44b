"""The topic, by name."""

from __future__ import annotations

from typing import Any

from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.setting import sets, whole

CARRIED = ("DisplayName", "Policy", "DeliveryPolicy", "KmsMasterKeyId")


def read_topic(place: Place, name: str) -> Any:
    """Return a topic as it can be made again. Raises FaultError for one with subscriptions."""
    sns, arn = place.aws("sns"), place.arn("topic", name)
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    if sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        raise FaultError(f"{name} has subscriptions, which would have to be confirmed again.")
    return {
        "attributes": {n: attributes[n] for n in CARRIED if attributes.get(n)},
        "tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
    }


def make_topic(place: Place, name: str, wanted: Any) -> None:
    place.aws("sns").create_topic(Name=name, Attributes=wanted["attributes"], Tags=wanted["tags"])


def remove_topic(place: Place, name: str) -> None:
    place.aws("sns").delete_topic(TopicArn=place.arn("topic", name))


def name_of(place: Place) -> str:
    return place.needed("topic", place.lab.topic.name)


SETTINGS = {"topic": whole(read_topic, make_topic, remove_topic)}
CHANGES = {"topic-gone": sets("topic", name_of, None)}
