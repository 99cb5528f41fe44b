"""Read what exists in a lab's account. Evidence only, no judgement.

What AWS says does not exist is ``None``. What could not be read (denied, throttled, timed out) is
``{"error": {"call", "code", "message"}}`` in its place, so that unknown never looks like absent.
Every field is described in ``labproof/evidence/schemas/snapshot.schema.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import Reader, nothing, run, together
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
from labproof.evidence.collect.rules import rules
from labproof.evidence.collect.samples import SAMPLE, samples
from labproof.evidence.collect.users import users
from labproof.evidence.redaction import cleaned
from labproof.labs.arns import arn
from labproof.labs.lab import Lab

MOST_BYTES = 150_000  # of the whole state as JSON
QUALIFIER = re.compile(r"[0-9A-Za-z_-]+")
MOST_QUALIFIERS = 5


def collect(lab: Lab, connection: Connection, place: dict[str, str]) -> dict[str, Any]:
    """Return all that a judgement needs of a lab, read in one pass: ``{part: evidence | None}``.

    ``place`` holds ``account``, ``partition`` and ``region``. Never raises for what AWS answers.
    """
    found = run(_everything(lab, place, bool(connection.endpoint_url)), connection)
    return _bounded(cleaned(found))


def _everything(lab: Lab, place: dict[str, str], emulated: bool) -> Reader:
    state = yield from together(_parts(lab, place, emulated))
    aliases = state.pop("aliases")
    more = yield from together(_second_look(lab, place, state, aliases))
    versions = more.pop("versions")
    # What goes to an alias that is not known is not known either.
    for rules_of_alias in (*([aliases] if is_error(aliases) else []), *more.values()):
        state["rules"] = _joined(state["rules"], rules_of_alias)
    if not nothing(state["function"]):
        state["function"]["aliases"] = _joined(aliases, versions)
    return state


def _parts(lab: Lab, place: dict[str, str], emulated: bool) -> dict[str, Reader]:
    account = place["account"]
    extra = {name: buckets.bucket(name, account) for name in lab.source.more_buckets}
    return {
        "account": buckets.account(account, emulated),
        "source_bucket": buckets.bucket(lab.source.bucket, account),
        "more_source_buckets": together(extra),
        "destination_bucket": _if(lab.destination.bucket, buckets.bucket, account, buckets.REACH),
        "role": roles.role(lab.role.name),
        "table": _if(lab.table.name, tables.table),
        "function": functions.function(lab.function.name),
        "aliases": functions.aliases(lab.function.name),
        "rules": rules(arn("function", lab.function.name, place)),
        "log_group": logs.log_group(lab.function.log_group),
        "topic": _if(lab.topic, lambda topic: topics.topic(arn("topic", topic.name, place))),
        "stack": _if(lab.stack.name, stacks.stack),
        "key": _if(lab.key.alias, keys.key),
        "trail": _if(lab.trail.name, trails.trail),
        "users": _if("account.no-keys" in lab.requirements, lambda _: users()),
        "samples": _if(SAMPLE in lab.client.files, lambda _: samples(lab.source.bucket)),
    }


def _if(name: Any, reader: Any, *arguments: Any) -> Reader:
    """Read a part that the lab has; None for one that it has not."""
    if not name:
        return None
    return (yield from reader(name, *arguments))


def _second_look(
    lab: Lab, place: dict[str, str], state: dict[str, Any], aliases: Any
) -> dict[str, Reader]:
    """Read what only the first look could tell of: rules for aliases, versions notified."""
    known, own = [] if is_error(aliases) else aliases, arn("function", lab.function.name, place)
    sources = [state["source_bucket"], *state["more_source_buckets"].values()]
    notified = {q for source in sources for q in _notified(source, own)}
    unknown = sorted(notified - {alias["name"] for alias in known})[:MOST_QUALIFIERS]
    versions = {q: (f"{own}:{q}", q if q.isdecimal() else None) for q in unknown}
    found = {alias["arn"]: rules(alias["arn"]) for alias in known[:MOST_QUALIFIERS]}
    return found | {"versions": functions.qualified(lab.function.name, versions)}


def _notified(bucket: Any, function: str) -> Iterator[str]:
    """Yield the qualifiers under which a bucket's notifications name the function."""
    if nothing(bucket) or nothing(bucket["notification"]):
        return
    for target in bucket["notification"].get("LambdaFunctionConfigurations", []):
        _, _, qualifier = str(target.get("LambdaFunctionArn")).partition(f"{function}:")
        if QUALIFIER.fullmatch(qualifier):
            yield qualifier


def _joined(found: Any, more: Any) -> Any:
    """Join two lists; one that could not be read leaves the whole unknown."""
    if is_error(found) or is_error(more):
        return found if is_error(found) else more
    return found + [one for one in more if one not in found]


def _bounded(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out the largest parts of a state that is far larger than any lab's."""
    sizes = {part: len(json.dumps(found)) for part, found in state.items()}
    for part in sorted(sizes, key=lambda p: -sizes[p]):
        if sum(sizes.values()) <= MOST_BYTES:
            break
        state[part] = error_of(part, "TooLarge", f"{sizes[part]} bytes of evidence")
        sizes[part] = 0
    return state
