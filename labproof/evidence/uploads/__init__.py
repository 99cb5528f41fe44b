"""What only a working lab can answer: fresh uploads, followed to the end.

Evidence, no judgement, as plain JSON. Every time is in milliseconds since the epoch, by AWS's
clock; None was not seen. What could not be read is an error (labproof/aws/answers.py) in its place.
Every flow has::

    why_not: "" | why nothing was waited for      started_ms, finished_ms, timeout_s
    uploads: {label: UPLOAD | error} | None (no bucket) | error (no upload was allowed)
    invocations: [{"request_id", "started_ms", "ended_ms", "raised", "uploads": [label]}] | error
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

    key, size, sha256, content_type, metadata, version_id, finished (bool: nothing more can come;
    False is the deadline)
    head: {"size", "etag", "modified_ms", "encryption": {"algorithm", "key"}} | None | error:
        what S3 says of the object
    signed_ms ≤ uploaded_ms ≤ invoked_ms ≤ reported_ms, copied_ms, audited_ms: the time line
    requests: [request id] of its invocations
    log, errors, retried: [line]    ``errors`` are those of an invocation that ended well, or of
                                    all that failed; ``retried`` those that another try mended

What a flow has more is told in its own module (labproof/evidence/uploads/flows/).
"""

from __future__ import annotations

from labproof.evidence.uploads.probing import DEFAULT_TIMEOUT_S, default_timeout, probe

__all__ = ["DEFAULT_TIMEOUT_S", "default_timeout", "probe"]
