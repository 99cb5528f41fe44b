"""Probe secure-ingestion: every good record arrives, bad ones are named and stop nothing.

Evidence, beside what every flow has::

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

from labproof.analysis.log import is_report, names_key, started
from labproof.aws.answers import is_error
from labproof.evidence.uploads import samples
from labproof.evidence.uploads.cleaning import LeftBehind, remove_items
from labproof.evidence.uploads.flows.base import (
    FlowProbe,
    certain,
    errors_of,
    is_invoked,
    uploads_of,
)
from labproof.evidence.uploads.following import Effect, Following, together
from labproof.evidence.uploads.invocations import excerpt
from labproof.evidence.uploads.items import query_key
from labproof.evidence.uploads.sending import put
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab

STAGES = (tuple(samples.BAD_FILES), ("mixed", "later"), ("bulk",))
# The share of the deadline after which the next stage goes without the end of the one before.
STAGE_SHARE = 0.2
MAX_WRONG = 5
MAX_NAMING = 3


class Records(Effect):
    """The records of one file: what was sent, and what of it is in the table."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.sent = sent
        self.devices = list(dict.fromkeys(record["device_id"] for record in sent))
        self.stored: Any = []
        self.grew = False

    def look(self, following: Following) -> None:
        connection, table = following.connection, following.lab.table
        found = together(lambda name: query_key(connection, table, name), self.devices)
        before = self.stored
        self.stored = next(
            (part for part in found if is_error(part)),
            [as_record(item) for part in found for item in part],
        )
        read = not is_error(before) and not is_error(self.stored)
        self.grew = read and len(self.stored) > len(before)

    @property
    def complete(self) -> bool:
        return not is_error(self.stored) and len(self.stored) >= len(self.sent)

    @property
    def growing(self) -> bool:
        """Whether records still come: a sandbox tells of an invocation only when it ends."""
        return self.grew and not self.complete

    def counted(self) -> dict[str, Any]:
        """Count the records that are there as they were sent, and show some that are not."""
        if is_error(self.stored):
            return {"sent": len(self.sent), "stored": self.stored, "wrong": []}
        wanted = {(r["device_id"], r["timestamp"]): r for r in self.sent}
        wrong = [
            r for r in self.stored if wanted.get((r.get("device_id"), r.get("timestamp"))) != r
        ]
        stored = len(self.stored) - len(wrong)
        return {"sent": len(self.sent), "stored": stored, "wrong": wrong[:MAX_WRONG]}


class IngestProbe(FlowProbe):
    """Fresh files for a lab that ingests records, one stage after the other."""

    name = "ingest"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.records: dict[str, Records] = {}
        self.bad: list[dict[str, Any]] = []
        self.stages = list(STAGES)
        self.began_ms = 0

    def send(self) -> None:
        """Send the first stage; a lab that cannot work gets no more than one good file."""
        if self.timeout:
            self.next_stage()
        else:
            self.upload([self.flow.main])

    def follow(self) -> None:
        super().follow()
        for one in self.following.uploads:
            if not one.finished and one.label in self.records:
                one.effect.look(self.following)
            if one.upload.may_fail:  # what its log says may have come after its end
                self.following.note(one)

    def next_stage(self) -> None:
        self.upload([*self.stages.pop(0)])
        self.began_ms = self.following.now()

    def go_on(self) -> None:
        """Send the next stage when each file of the last has been worked on once, or takes long."""
        while self.stages and (self.is_idle() or self.stage_s() > self.timeout * STAGE_SHARE):
            self.next_stage()

    def is_idle(self) -> bool:
        uploads = self.following.uploads
        return all(one.finished or one.calls.reported_ms is not None for one in uploads)

    def stage_s(self) -> float:
        return (self.following.now() - self.began_ms) / 1000

    def put(self, upload: Upload) -> Any:
        return put(self.connection, self.lab.source.bucket, upload, self.body(upload.label))

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

    def effect(self, upload: Upload) -> Effect:
        return self.records.get(upload.label) or Effect()

    def look(self, following: Following) -> None:
        """Read the table for what is not complete; for many records only when they should be."""
        for one in following.pending:
            if one.label in self.records and not one.effect.complete:
                few = len(one.effect.devices) == 1
                if few or following.is_ended(one) or not following.attribution.invocations:
                    one.effect.look(following)

    def more(self) -> dict[str, Any]:
        """Return what became of the records of each good or mixed file."""
        found = {
            label: one.counted() if label == "bulk" else {"sent": one.sent, "stored": one.stored}
            for label, one in self.records.items()
        }
        if "mixed" in found:
            lines = self.lines("mixed")
            found["mixed"]["bad"] = [one | {"named_by": naming(lines, one)} for one in self.bad]
        return {"files": found}

    def lines(self, label: str) -> list[str]:
        known = [one.upload for one in self.following.uploads if one.label == label]
        return [x for u in known for a in self.following.attribution.of(u) for x in a.lines]

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        """Remove all items that the files can have left, seen or not."""
        stored = [one for one in self.records.values() if is_error(one.stored) or one.stored]
        items = [
            {name: {"S": record[name]} for name in ("device_id", "timestamp")}
            for one in stored
            for record in one.sent
        ]
        removed = super().clean(key)
        return removed + remove_items(self.connection, self.lab.table.name, key, items)

    @classmethod
    def proof(cls, lab: Lab, seen: dict[str, Any]) -> dict[str, Any]:
        """Return what became of the records, of the bad files, and of requests by others.

        Shape: ``{"invoked", "mixed": {"key", "sent", "bad", "stored"}, "bulk": {"key", "sent",
        "stored"}, "refused": {key: [line]}, "errors", "transport", "recorded", "took_ms"}``;
        ``refused`` are the lines that name a bad file.
        """
        uploads, files = uploads_of(lab, seen), certain(seen["files"])
        good = {label: one for label, one in uploads.items() if label not in samples.BAD_FILES}
        bad = [one for label, one in uploads.items() if label in samples.BAD_FILES]
        mixed = files["mixed"] | {"bad": len(files["mixed"]["bad"])}
        return {
            "invoked": is_invoked(seen),
            "mixed": {"key": uploads["mixed"]["key"]} | mixed,
            "bulk": {"key": uploads["bulk"]["key"]} | files["bulk"],
            "refused": {one["key"]: refusals(one) for one in bad},
            "errors": errors_of(good),
            "transport": certain(seen["transport"]),
            "recorded": certain(seen["recorded"]) or [],
            "took_ms": seen["finished_ms"] - seen["started_ms"],
        }


def refusals(upload: dict[str, Any]) -> list[str]:
    """Return the log lines that name a bad file."""
    return [line for line in upload["log"] if names_key(line, upload["key"])]


def naming(lines: list[str], bad: dict[str, Any]) -> list[str]:
    """Return the log lines that name a bad record: by its content, or by its place in the file."""
    places = re.compile(rf"(?<![\w.:-])({bad['index']}|{bad['index'] + 1})(?![\w:-]|\.\d)")
    own = [line for line in lines if not started(line) and not is_report(line)]
    by_mark = [line for line in own if any(mark in line for mark in bad["marks"])]
    by_place = [line for line in own if places.search(line)]
    return excerpt((by_mark or by_place)[:MAX_NAMING])


def as_record(item: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return an item as a record, as JSON has it: a Number as a number, anything else as it is."""
    return {name: _plain(value) for name, value in item.items()}


def _plain(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    return float(content) if kind == "N" else content
