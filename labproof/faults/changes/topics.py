"""Faults of the topic."""

from __future__ import annotations

from collections.abc import Iterator

from labproof.faults.changes.step import Step
from labproof.faults.errors import FaultError
from labproof.faults.place import Place


def topic_gone(place: Place) -> Iterator[Step]:
    if not place.lab.topic:
        raise FaultError(f"{place.lab.host} has no topic: choose another fault.")
    yield Step("topic", place.lab.topic.name, None)


CHANGES = {"topic-gone": topic_gone}
