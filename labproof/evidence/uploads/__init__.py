"""What only a working lab can answer: fresh uploads, followed to the end.

Evidence, no judgement, as plain JSON. Every time is in milliseconds since the epoch, by AWS's
clock; None was not seen. What could not be read is an error (labproof/snapshot.py) in its place.
Every flow has::

    why_not: "" | why nothing was waited for      started_ms, finished_ms, timeout_s
    uploads: {label: UPLOAD | error} | None (no bucket) | error (no upload was allowed)
    invocations: [{"request_id", "started_ms", "ended_ms", "raised", "uploads": [label],
                   "errors": [line]}] | error
    metrics: {"source": "CloudWatch" | "REPORT lines", "invocations", "errors", "excused",
              "uploads"} | error
    anonymous: {"source": GET | None, "destination": GET | None}
        GET is {"url", "status", "same": bool, "of": "upload" | "copy" | "own object"} | error
        "own object": no copy came, so the probe put an object of its own into the destination
    encryption: {"algorithm", "key"} | None | error               of a fresh upload
    transport: {"https": "allowed" | CODE, "http": …} | error     labs whose bucket is HTTPS only
    recorded: [event name] | error                                labs that have a trail
    left_behind: [{"what", "why"}]                                what could not be removed

An UPLOAD, in every flow::

    key, size, sha256, content_type, metadata, version_id, waited_s, finished (bool: nothing more
    can come; False is the deadline)
    head: {"size", "etag", "modified_ms", "content_type", "metadata", "version_id",
           "encryption": {"algorithm", "key"}} | None | error: what S3 says of the object
    signed_ms ≤ uploaded_ms ≤ invoked_ms ≤ reported_ms, copied_ms, audited_ms: the time line
    attempts (number of invocations), request_id, requests: [request id]
    log, errors, retried: [line]    ``errors`` are those of an invocation that ended well, or of
                                    all that failed; ``retried`` those that another try mended

What a flow has more is told in its own module.
"""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.redaction import cleaned
from labproof.evidence.uploads.attempts import shown, told
from labproof.evidence.uploads.flows import FLOWS, Flow, one_upload
from labproof.evidence.uploads.following import Watch, is_named, mine
from labproof.evidence.uploads.reading import now_ms
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

__all__ = ["DEFAULT_TIMEOUT_S", "default_timeout", "probe"]

# The sandbox tries a failed event for the last time after three seconds. On AWS a fresh trigger,
# a cold start and a late log take up to a minute, and the first retry comes after another.
DEFAULT_TIMEOUT_S = {"emulated": 20.0, "aws": 120.0}
SERVICES = ("s3", "dynamodb", "logs", "lambda", "cloudwatch", "cloudtrail", "iam", "sts")
MAX_INVOCATIONS = 100


def default_timeout(connection: Connection) -> float:
    """Return the seconds that uploads are followed unless the inventory says otherwise."""
    return DEFAULT_TIMEOUT_S["emulated" if connection.endpoint_url else "aws"]


def probe(
    lab: Lab, connection: Connection, state: dict[str, Any], timeout: float
) -> dict[str, Any] | None:
    """Upload fresh files, follow them (seconds), and remove what they left.

    Where the state shows that nothing can work, uploads are made but not waited for, for some
    checks judge a fresh object by itself; without a bucket there are none.
    """
    for service in SERVICES:  # made here, since making clients is not thread-safe
        connection.client(service)
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
        flow: Flow = FLOWS[lab.flow](lab, connection, timeout)
        # An emulator starts a worker on this machine for each event that comes at the same time.
        flow.watch.in_turn = bool(timeout and connection.endpoint_url)
        try:
            found |= seen(lab, connection, flow, timeout)
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


def seen(lab: Lab, connection: Connection, flow: Flow, timeout: float) -> dict[str, Any]:
    """Return what a flow's uploads show."""
    call_on_record(lab, connection)
    began = now_ms()
    flow.watch.look_back()
    answers = flow.send()
    if flow.watch.uploads:
        flow.follow(timeout)
    more = flow.more(timeout)
    # What a fresh upload would have shown is not known where none was allowed.
    refused = next((answer for answer in answers.values() if is_error(answer)), None)
    found = {
        "uploads": as_evidence(answers, flow.watch),
        "invocations": invocations(flow.watch),
        "metrics": function_metrics(flow.watch, timeout),
        "encryption": encryption(flow.watch, refused),
        **more,
        "anonymous": {"source": stranger(flow.watch, refused), "destination": None}
        | {k: v for k, v in more.get("anonymous", {}).items() if k == "destination"},
    }
    if lab.source.https_only:
        found["transport"] = over_http(lab, connection)
    if lab.trail:
        found["recorded"] = recorded(lab, connection, began)
    return found


def as_evidence(answers: dict[str, Any], watch: Watch) -> Any:
    """Return each upload as data; one error, or None, where there is nothing else."""
    found = answers | {upload.label: upload for upload in watch.uploads}
    if not any(isinstance(one, Upload) for one in found.values()):
        return next((one for one in found.values() if is_error(one)), None)
    return {k: v.as_dict() if isinstance(v, Upload) else v for k, v in found.items()}


def invocations(watch: Watch) -> Any:
    """Return the function's invocations since the first upload, each with the uploads it names."""
    if is_error(watch.attempts):
        return watch.attempts
    found = []
    fresh = [a for a in watch.seen_attempts if a.request_id not in watch.before]
    for attempt in fresh[:MAX_INVOCATIONS]:
        named = [upload for upload in watch.uploads if is_named(attempt, upload)]
        key = named[0].key if named else ""
        labels = [upload.label for upload in named]
        errors = shown(attempt.trouble(key))
        found.append(told(attempt) | {"uploads": labels, "errors": errors})
    return found


def function_metrics(watch: Watch, timeout: float) -> Any:
    """Return what is counted of invocations, by CloudWatch or, in its place, in the log.

    ``excused`` are the errors on bad files, and those that another try mended.
    """
    if is_error(watch.attempts):
        return watch.attempts
    uploads = watch.uploads
    attempts = [a for a in watch.seen_attempts if a.request_id not in watch.before]
    lenient = [u for u in uploads if u.once or (u.finished and not u.errors)]
    forgiven = [id(a) for u in lenient for a in mine(watch, u)]
    excused = sum(a.raised and id(a) in forgiven for a in attempts)
    base = {"uploads": len(uploads), "excused": excused}
    if watch.connection.endpoint_url or not timeout:
        done = [a for a in attempts if a.ended_ms is not None]
        failed = sum(a.raised for a in done)
        return base | {"source": "REPORT lines", "invocations": len(done), "errors": failed}
    sums = metrics(
        watch.connection,
        FUNCTION_METRICS,
        watch.lab.function.name,
        watch.since_ms,
        len(uploads),
        timeout,
    )
    if is_error(sums):
        return sums
    counts = {"invocations": int(sums["Invocations"]), "errors": int(sums["Errors"])}
    return base | {"source": CLOUDWATCH} | counts


def stranger(watch: Watch, otherwise: Any) -> Any:
    """Ask for a fresh upload without credentials."""
    upload = one_upload(watch)
    if upload is None:
        return otherwise
    bucket = watch.lab.source.bucket
    return anonymous_read(watch.connection, bucket, upload.key, upload.sha256, "upload")


def encryption(watch: Watch, otherwise: Any) -> Any:
    """Return how a fresh upload is encrypted."""
    upload = one_upload(watch)
    if upload is None:
        return otherwise
    if upload.head is None or is_error(upload.head):
        return upload.head
    return upload.head["encryption"]


def key_of(lab: Lab, state: dict[str, Any]) -> list[dict[str, str]]:
    """Return the table's key as it is: ``[{"name", "type", "role"}]``; else as it should be."""
    table = state.get("table")
    if table and not is_error(table) and not is_error(table.get("key")):
        return list(table["key"])
    return lab.table.key
