"""Probe a lab, whatever its flow: what fresh uploads show, as one document."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.redaction import cleaned
from labproof.evidence.uploads.clock import now_ms
from labproof.evidence.uploads.flows import FLOWS
from labproof.evidence.uploads.flows.base import FlowProbe
from labproof.evidence.uploads.following import Following
from labproof.evidence.uploads.records import (
    CLOUDWATCH,
    FUNCTION_METRICS,
    call_on_record,
    metrics,
    recorded,
)
from labproof.evidence.uploads.strangers import anonymous_read, over_http
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab

# The sandbox tries a failed event for the last time after three seconds. On AWS a fresh trigger,
# a cold start and a late log take up to a minute, and the first retry comes after another.
DEFAULT_TIMEOUT_S = {"emulated": 20.0, "aws": 120.0}


def default_timeout(connection: Connection) -> float:
    """Return the seconds that uploads are followed unless the inventory says otherwise."""
    return DEFAULT_TIMEOUT_S["emulated" if connection.endpoint_url else "aws"]


def probe(
    lab: Lab,
    connection: Connection,
    state: dict[str, Any],
    timeout: float,
    *,
    proving: bool = False,
    client: Upload | None = None,
) -> dict[str, Any]:
    """Upload fresh files, follow them (seconds), and remove what they left.

    Where the state shows that nothing can work, uploads are made but not waited for, for some
    checks judge a fresh object by itself; without a bucket there are none. For ``proving`` and
    ``client`` see :class:`FlowProbe`.
    """
    began, why_not = now_ms(), hopeless(state)
    timeout = 0 if why_not else timeout
    found: dict[str, Any] = {
        "why_not": why_not,
        "started_ms": began,
        "timeout_s": timeout,
        "uploads": None,
        "left_behind": [],
    }
    if state.get("source_bucket", True) is not None:
        flow = FLOWS[lab.flow](lab, connection, timeout, proving=proving, client=client)
        try:
            found |= seen(flow)
        finally:
            found["left_behind"] = flow.clean(key_of(lab, state))
    document: dict[str, Any] = cleaned(found | {"finished_ms": now_ms()})
    return document


def hopeless(state: dict[str, Any]) -> str:
    """Return why no upload can have an effect, as far as the state is known; empty if it can."""
    bucket = state.get("source_bucket", {})
    if bucket is None:
        return "there is no bucket to upload to"
    if state.get("function", {}) is None:
        return "there is no function"
    if is_error(bucket) or "notification" not in bucket or is_error(bucket["notification"]):
        return ""
    told_of = {k: v for k, v in (bucket["notification"] or {}).items() if k != "ResponseMetadata"}
    # An empty EventBridge configuration is what switches it on.
    heard = "EventBridgeConfiguration" in told_of or any(told_of.values())
    return "" if heard or state.get("rules") else "the bucket notifies nobody of uploads"


def seen(flow: FlowProbe) -> dict[str, Any]:
    """Return what a flow's uploads show."""
    lab, connection, began = flow.lab, flow.connection, now_ms()
    call_on_record(lab, connection)
    if not flow.client:
        flow.following.look_back()
    flow.send()
    if flow.following.uploads:
        flow.follow()
    more = flow.more()
    anonymous = {"source": stranger(flow), "destination": None} | more.pop("anonymous", {})
    found = {
        "uploads": uploads(flow),
        "invocations": invocations(flow.following),
        "encryption": encryption(flow),
        **more,
        "anonymous": anonymous,
    }
    if not flow.proving:
        found["metrics"] = function_metrics(flow)
    if lab.source.https_only:
        found["transport"] = over_http(lab, connection)
    if lab.trail:
        found["recorded"] = recorded(lab, connection, began)
    return found


def uploads(flow: FlowProbe) -> Any:
    """Return each upload as data; one error, or None, where there is nothing else."""
    followed = {one.label: one.as_evidence() for one in flow.following.uploads}
    if not followed:
        return refused(flow)
    return flow.answers | followed


def refused(flow: FlowProbe) -> Any:
    """Return why an upload was refused: what it would have shown is not known."""
    return next((answer for answer in flow.answers.values() if is_error(answer)), None)


def invocations(following: Following) -> Any:
    """Return the function's invocations since the first upload, each with the uploads it names."""
    return following.log if is_error(following.log) else following.attribution.as_evidence()


def function_metrics(flow: FlowProbe) -> Any:
    """Return what is counted of invocations, by CloudWatch or, in its place, in the log.

    ``excused`` are the errors on bad files, and those that another try mended.
    """
    following, timeout = flow.following, flow.timeout
    if is_error(following.log):
        return following.log
    made = following.attribution.invocations
    lenient = [
        o for o in following.uploads if o.upload.may_fail or (o.finished and not o.calls.errors)
    ]
    forgiven = [id(a) for one in lenient for a in following.attribution.of(one.upload)]
    base = {
        "uploads": len(following.uploads),
        "excused": sum(one.raised and id(one) in forgiven for one in made),
    }
    if flow.connection.endpoint_url or not timeout:
        done = [one for one in made if one.ended_ms is not None]
        failed = sum(one.raised for one in done)
        return base | {"source": "REPORT lines", "invocations": len(done), "errors": failed}
    name, since, wanted = flow.lab.function.name, following.since_ms, len(following.uploads)
    sums = metrics(flow.connection, FUNCTION_METRICS, name, since, wanted, timeout)
    if is_error(sums):
        return sums
    counts = {"invocations": int(sums["Invocations"]), "errors": int(sums["Errors"])}
    return base | {"source": CLOUDWATCH} | counts


def stranger(flow: FlowProbe) -> Any:
    """Ask for a fresh upload without credentials."""
    one = flow.one_good()
    if one is None:
        return refused(flow)
    upload, bucket = one.upload, flow.lab.source.bucket
    return anonymous_read(flow.connection, bucket, upload.key, upload.sha256, "upload")


def encryption(flow: FlowProbe) -> Any:
    """Return how a fresh upload is encrypted."""
    one = flow.one_good()
    if one is None:
        return refused(flow)
    head = one.upload.head
    return head if head is None or is_error(head) else head["encryption"]


def key_of(lab: Lab, state: dict[str, Any]) -> list[dict[str, str]]:
    """Return the table's key as it is: ``[{"name", "type", "role"}]``; else as it should be."""
    table = state.get("table")
    if table and not is_error(table) and not is_error(table.get("key")):
        return list(table["key"])
    return lab.table.key
