"""Grade one lab: take its snapshot, judge it, and put both on the disk as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import labproof
from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import run
from labproof.aws.connection import Connection, check_account
from labproof.aws.errors import AwsError
from labproof.evidence.collect import collect
from labproof.evidence.collect.logs import log_group
from labproof.evidence.redaction import cleaned
from labproof.evidence.snapshot import SCHEMA_VERSION
from labproof.evidence.uploads import default_timeout, probe
from labproof.labs.grants import targets
from labproof.labs.lab import Lab

NO_TERMS: dict[str, Any] = {"points": {}, "left_out": [], "waived": {}}


@dataclass(frozen=True)
class InventoryLab:
    """One host of an inventory: its lab and its connection."""

    lab: Lab
    connection: Connection


@dataclass
class Stopwatch:
    """Seconds that each stage took."""

    seconds: dict[str, float] = field(default_factory=dict)

    def time(self, stage: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[stage] = round(time.perf_counter() - start, 3)


def take(
    entry: InventoryLab,
    client: dict[str, Any] | None,
    timeout: float | None = None,
    terms: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a lab's snapshot as a document (``labproof/evidence/schemas/snapshot.schema.json``).

    ``client`` holds the client host's files, ``{name: {"sha256", "size"} | None}``, or an error;
    ``timeout`` is in seconds. An account that does not answer gives a snapshot full of errors.
    """
    lab, connection, began, watch = entry.lab, entry.connection, _now(), Stopwatch()
    place, state, seen = _seen(entry, client, timeout or default_timeout(connection), watch)
    key = {} if is_error(state) or is_error(state.get("key")) else state.get("key") or {}
    return {
        "schema_version": SCHEMA_VERSION,
        "suite_version": labproof.__version__,
        "taken": began,
        "finished": _now(),
        "lab": lab.as_data(),
        "rubric": terms or NO_TERMS,
        "target": {**place, "emulated": bool(connection.endpoint_url)},
        "arns": targets(lab, key.get("arn", ""), **place),
        "durations": watch.seconds,
        "state": state,
        "probe": seen,
    }


def _seen(
    entry: InventoryLab, client: dict[str, Any] | None, timeout: float, watch: Stopwatch
) -> tuple[dict[str, str], Any, Any]:
    """Return where a lab is, what exists of it, and what fresh uploads show."""
    lab, connection = entry.lab, entry.connection
    try:
        place = check_account(connection)
    except AwsError as error:
        unseen = error_of("get_caller_identity", "NoAccess", str(error))
        account = connection.account_id or ""
        return {"account": account, "partition": "aws", "region": connection.region}, unseen, unseen
    state = watch.time("state", lambda: collect(lab, connection, place))
    state["client"] = cleaned(client)
    seen = watch.time("probe", lambda: probe(lab, connection, state, timeout))
    # A function's first invocation, which may be the probe's, makes its log group.
    if state["log_group"] is None:
        state["log_group"] = run(log_group(lab.function.log_group), connection)
    return place, state, seen


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
