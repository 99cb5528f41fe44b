"""Prove secure-ingestion: every good record arrives, bad ones are named, plain HTTP is refused."""

from __future__ import annotations

from typing import Any

from labproof.aws.connection import Connection
from labproof.evidence.prove.certain import certain
from labproof.evidence.uploads.attempts import shown
from labproof.evidence.uploads.flows import IngestFlow
from labproof.evidence.uploads.following import mine
from labproof.evidence.uploads.reading import now_ms
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab


def prove(lab: Lab, connection: Connection, timeout: float) -> dict[str, Any]:
    """Upload bad files, a mixed one, a good one and 10,000 records; wait for all.

    Returns ``{"mixed": {"key", "sent", "bad", "stored"}, "bulk": {"key", "sent", "stored"},
    "refused": {key: [line]}, "log", "errors", "started_ms", "stored_ms"}``: ``refused`` are the
    lines that name a bad file. Raises AwsError where something could not be read.
    """
    flow, started_ms = IngestFlow(lab, connection, timeout), now_ms()
    try:
        for answer in flow.send().values():
            certain(answer)
        flow.follow(timeout)
        return {"started_ms": started_ms, "stored_ms": now_ms(), **shape(flow)}
    finally:
        flow.clean(lab.table.key)


def shape(flow: IngestFlow) -> dict[str, Any]:
    """Return what the playbook tells of an ingestion."""
    uploads = {upload.label: upload for upload in flow.watch.uploads}
    files, good = flow.files(), [u for u in flow.watch.uploads if not u.once]
    attempts = certain(flow.watch.attempts)
    mixed, bulk = files["mixed"], files["bulk"]
    return {
        "mixed": {
            "key": uploads["mixed"].key,
            "sent": mixed["sent"],
            "bad": len(mixed["bad"]),
            "stored": certain(mixed["stored"]),
        },
        "bulk": {
            "key": uploads["bulk"].key,
            "sent": bulk["sent"],
            "stored": certain(bulk["stored"]),
        },
        "refused": {u.key: refusals(flow, u) for u in flow.watch.uploads if u.once},
        "log": shown([line for attempt in attempts for line in attempt.lines[:3]]),
        "errors": [line for upload in good for line in upload.errors],
    }


def refusals(flow: IngestFlow, upload: Upload) -> list[str]:
    """Return the log lines that name a bad file."""
    lines = [line for attempt in mine(flow.watch, upload) for line in attempt.lines]
    return shown([line for line in lines if upload.token in line])
