"""Prove secure-ingestion: every good record arrives, bad ones are named and stop nothing.

Evidence, beside what every flow has::

    uploads: {"not JSON", "not an array", "junk", "mixed", "later", "bulk": UPLOAD}
    files: {
        "mixed": {"sent": [record], "stored": [record] | error,
                  "bad": [{"what", "index", "marks": [text], "named_by": [line]}]},
        "later": {"sent": [record], "stored": [record] | error},
        "bulk":  {"sent": 10000, "stored": n | error, "wrong": [record as stored]},
    }

"later" is a good file that comes after the bad ones. ``stored`` of "bulk" counts the records that
are in the table as they were sent; ``wrong`` are some that are there but not so. ``named_by`` holds
the log lines that name a bad record by a mark or by its index (from 0 or from 1).

Files go in stages (bad ones; mixed and later; bulk), so that a sandbox's workers do not hold 10 MB
of junk and 10,000 records at the same time; within a stage in turn where a sandbox would start a
worker for each.
"""

from __future__ import annotations

import json
import re
from typing import Any

from labproof.analysis.log import is_report, started
from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.uploads import samples
from labproof.evidence.uploads.attempts import shown
from labproof.evidence.uploads.following import (
    Watch,
    follow,
    is_ended,
    mine,
    note,
    together,
    upload_all,
)
from labproof.evidence.uploads.reading import asked
from labproof.evidence.uploads.upload import Upload, fresh, send
from labproof.labs.lab import Lab

FORM = "{}.json"
STAGES = (tuple(samples.BAD_FILES), ("mixed", "later"), ("bulk",))
# The share of the deadline after which the next stage goes without the end of the one before.
STAGE_SHARE = 0.2
MAX_WRONG = 5
MAX_NAMING = 3


class Records:
    """The records of one file: what was sent, and what of it is in the table."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.sent = sent
        self.devices = list(dict.fromkeys(record["device_id"] for record in sent))
        self.stored: Any = []
        self.grew = False

    def look(self, watch: Watch) -> None:
        found = together(lambda name: stored_records(watch, name), self.devices)
        before = self.stored
        self.stored = next(
            (part for part in found if is_error(part)), [r for part in found for r in part or []]
        )
        seen = not is_error(before) and not is_error(self.stored)
        self.grew = seen and len(self.stored) > len(before)

    @property
    def complete(self) -> bool:
        return not is_error(self.stored) and len(self.stored) >= len(self.sent)

    @property
    def keys(self) -> list[dict[str, Any]]:
        """The keys of all items that the file can have left, in DynamoDB's JSON."""
        return [{n: {"S": r[n]} for n in ("device_id", "timestamp")} for r in self.sent]


class Ingestion:
    """Fresh files for a lab that ingests records, one stage after the other."""

    def __init__(self, lab: Lab, connection: Connection, timeout: float) -> None:
        self.lab, self.connection, self.timeout = lab, connection, timeout
        self.watch = Watch(lab, connection, self.look, self.is_seen, self.is_growing)
        self.records: dict[str, Records] = {}
        self.bad: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.stages = list(STAGES)
        self.began_ms = 0

    def send(self) -> dict[str, Any]:
        """Send the first stage; a lab that cannot work gets no more than one good file."""
        if self.timeout:
            self.next_stage()
        else:
            self.put(("later",))
        return self.answers

    def follow(self, timeout: float) -> None:
        follow(self.watch, timeout, self.go_on)
        for upload in self.watch.pending:
            if upload.label in self.records:
                self.records[upload.label].look(self.watch)
        for upload in self.watch.uploads:
            if upload.once:  # what its log says may have come after its end
                note(self.watch, upload)

    def next_stage(self) -> None:
        self.put(self.stages.pop(0))
        self.began_ms = self.watch.now()

    def go_on(self) -> None:
        """Send the next stage when each file of the last has been worked on once, or takes long."""
        while self.stages and (self.is_idle() or self.stage_s() > self.timeout * STAGE_SHARE):
            self.next_stage()

    def is_idle(self) -> bool:
        return all(upload.finished or self.worked_on(upload) for upload in self.watch.uploads)

    def stage_s(self) -> float:
        return (self.watch.now() - self.began_ms) / 1000

    def worked_on(self, upload: Upload) -> bool:
        return upload.reported_ms is not None

    def put(self, labels: tuple[str, ...]) -> None:
        uploads = [fresh(label, FORM) for label in labels]
        # What was seen before an upload cannot be due to it.
        seen = frozenset(attempt.request_id for attempt in self.watch.seen_attempts)
        for upload in uploads:
            upload.once, upload.earlier = upload.label in samples.BAD_FILES, seen
        sent = upload_all(self.watch, self.send_one, uploads)
        self.answers |= {u.label: answer for u, answer in zip(uploads, sent, strict=True)}

    def send_one(self, upload: Upload) -> Any:
        return send(self.connection, self.lab.source.bucket, upload, self.body(upload.label))

    def body(self, label: str) -> bytes:
        if label in samples.BAD_FILES:
            return samples.BAD_FILES[label]()
        if label == "mixed":
            good, self.bad, body = samples.mixed()
        elif label == "bulk":
            good, body = samples.bulk()
        else:
            good = samples.good_records()
            body = json.dumps(good).encode()
        self.records[label] = Records(good)
        return body

    def look(self, watch: Watch) -> None:
        """Read the table for what is not complete; for many records only when they should be."""
        for upload in watch.pending:
            records = self.records.get(upload.label)
            if records and not records.complete:
                few = len(records.devices) == 1
                if few or is_ended(watch, upload) or not watch.seen_attempts:
                    records.look(watch)

    def is_seen(self, upload: Upload) -> bool:
        return upload.label in self.records and self.records[upload.label].complete

    def is_growing(self, upload: Upload) -> bool:
        """Tell whether records still come: a sandbox tells of an invocation only when it ends."""
        records = self.records.get(upload.label)
        return bool(records and records.grew and not records.complete)

    def files(self) -> dict[str, Any]:
        """Return what became of the records of each good or mixed file."""
        found: dict[str, Any] = {}
        for label, records in self.records.items():
            found[label] = (
                self.counted(records)
                if label == "bulk"
                else {"sent": records.sent, "stored": records.stored}
            )
        if "mixed" in found:
            lines = self.lines("mixed")
            found["mixed"]["bad"] = [one | {"named_by": naming(lines, one)} for one in self.bad]
        return found

    def counted(self, records: Records) -> dict[str, Any]:
        if is_error(records.stored):
            return {"sent": len(records.sent), "stored": records.stored, "wrong": []}
        wanted = {(r["device_id"], r["timestamp"]): r for r in records.sent}
        wrong = [
            r for r in records.stored if wanted.get((r.get("device_id"), r.get("timestamp"))) != r
        ]
        stored = len(records.stored) - len(wrong)
        return {"sent": len(records.sent), "stored": stored, "wrong": wrong[:MAX_WRONG]}

    def lines(self, label: str) -> list[str]:
        upload = next((u for u in self.watch.uploads if u.label == label), None)
        return [line for a in mine(self.watch, upload) for line in a.lines] if upload else []


def naming(lines: list[str], bad: dict[str, Any]) -> list[str]:
    """Return the log lines that name a bad record: by its content, or by its place in the file."""
    places = re.compile(rf"(?<![\w.:-])({bad['index']}|{bad['index'] + 1})(?![\w:-]|\.\d)")
    own = [line for line in lines if not started(line) and not is_report(line)]
    by_mark = [line for line in own if any(mark in line for mark in bad["marks"])]
    by_place = [line for line in own if places.search(line)]
    return shown((by_mark or by_place)[:MAX_NAMING])


def stored_records(watch: Watch, device: str) -> Any:
    """Return a device's items as records, in the order of their time stamps, or an error."""
    pages = (
        watch.connection.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=watch.lab.table.name,
            KeyConditionExpression="#device = :device",
            ExpressionAttributeNames={"#device": str(watch.lab.table.partition_key)},
            ExpressionAttributeValues={":device": {"S": device}},
            ConsistentRead=True,
        )
    )
    items = asked("query", lambda: [item for page in pages for item in page["Items"]])
    if is_error(items) and items["error"]["code"] == "ValidationException":
        return []  # a table with another key holds no such records
    if items is None or is_error(items):
        return items
    return [{name: plain(value) for name, value in item.items()} for item in items]


def plain(value: dict[str, Any]) -> Any:
    """Return an attribute as JSON has it: a Number as a number, anything else as it is."""
    kind, content = next(iter(value.items()))
    return float(content) if kind == "N" else content
