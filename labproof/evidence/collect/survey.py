"""Which parts of a lab exist, and whose they are: what is needed before building."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labproof.aws.asking import Reader, run, together
from labproof.aws.connection import Connection
from labproof.evidence.collect import (
    buckets,
    functions,
    keys,
    logs,
    roles,
    stacks,
    tables,
    topics,
    trails,
)
from labproof.labs.arns import arn, names
from labproof.labs.lab import Lab

READERS: dict[str, Callable[[str], Reader]] = {
    "source_bucket": buckets.survey,
    "destination_bucket": buckets.survey,
    "role": roles.survey,
    "table": tables.survey,
    "function": functions.survey,
    "log_group": logs.survey,
    "key": keys.survey,
    "trail": trails.survey,
    "trail_bucket": buckets.survey,
    "trail_role": roles.survey,
    "trail_log_group": logs.survey,
    "log_bucket": buckets.survey,
    "topic": topics.survey,
    "stack": stacks.survey,
}


def survey(lab: Lab, connection: Connection, place: dict[str, str]) -> dict[str, Any]:
    """Return what exists of a lab: ``{part: reading | None | error}``, of parts that it has.

    Each reading has ``name`` and ``tags``; a role has its ``trust``, a table its ``key`` and
    ``indexes``, a key its ``arn``, a stack its ``status`` and ``resources``. ``place`` holds
    ``account``, ``partition`` and ``region``.
    """
    wanted = names(lab)
    if lab.topic:
        wanted["topic"] = arn("topic", lab.topic.name, place)
    # One more source bucket is read like the first.
    readings = {part: READERS[part.partition(" ")[0]](name) for part, name in wanted.items()}
    found: dict[str, Any] = run(together(readings), connection)
    return found
