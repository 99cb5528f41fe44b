"""Probe file-metadata: each fresh object leaves one item that says what S3 says of it.

Evidence, beside what every flow has::

    table_metrics: {"source": "CloudWatch" | "items counted", "writes": n} | error
    extensions: what those in use show (labproof/evidence/uploads/extensions.py)

An upload has ``items``: what the table has under its key, in DynamoDB's JSON (or an error), and
``stored_ms``, when there was first something.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from labproof.analysis.extensions import extension_problems
from labproof.aws.answers import is_error
from labproof.evidence.uploads.cleaning import LeftBehind, remove_items
from labproof.evidence.uploads.extensions import Extensions
from labproof.evidence.uploads.flows.base import (
    FlowProbe,
    certain,
    errors_of,
    is_invoked,
    uploads_of,
)
from labproof.evidence.uploads.following import Effect, Followed, Following, together
from labproof.evidence.uploads.items import query_key
from labproof.evidence.uploads.records import CLOUDWATCH, TABLE_METRICS, metrics
from labproof.evidence.uploads.sending import put, put_in_parts
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab

MAX_ITEMS = 10


@dataclass
class Stored(Effect):
    """What is seen of an upload's items."""

    items: Any = field(default_factory=list)
    stored_ms: int | None = None
    evidence = ("items", "stored_ms")

    @property
    def complete(self) -> bool:
        return self.stored_ms is not None


class MetadataProbe(FlowProbe):
    name = "metadata"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.extensions = Extensions(self.lab, self.connection)

    def send(self) -> None:
        self.extensions.listen()
        super().send()

    def put(self, upload: Upload) -> Any:
        bucket = self.lab.source.bucket
        if upload.label == self.flow.in_parts:
            return put_in_parts(self.connection, bucket, upload)
        body = b"" if upload.label == "empty" else secrets.token_bytes(100)
        return put(self.connection, bucket, upload, body)

    def effect(self, upload: Upload) -> Stored:
        return Stored()

    def look(self, following: Following) -> None:
        together(self.look_for_item, [u for u in following.pending if not u.effect.complete])

    def look_for_item(self, one: Followed) -> None:
        found = query_key(self.connection, self.lab.table, one.upload.key)
        one.effect.items = found if is_error(found) else found[:MAX_ITEMS]
        if found and not is_error(found):
            one.effect.stored_ms = self.following.now()

    def more(self) -> dict[str, Any]:
        keys = [one.upload.key for one in self.following.uploads]
        # A playbook ends at the error that the function tells.
        hopeless = self.proving and any(one.calls.errors for one in self.following.uploads)
        seen = self.extensions.evidence(keys, 0 if hopeless else self.timeout)
        return {"extensions": seen} | ({} if self.proving else {"table_metrics": self.writes()})

    def writes(self) -> Any:
        """Return how many writes to the table are counted."""
        effects = [one.effect for one in self.following.uploads]
        stored = sum(effect.complete for effect in effects)
        if self.connection.endpoint_url or not self.timeout:
            unread = next((e.items for e in effects if is_error(e.items)), None)
            return unread or {"source": "items counted", "writes": stored}
        since, table = self.following.since_ms, self.lab.table.name
        sums = metrics(self.connection, TABLE_METRICS, table, since, stored, self.timeout)
        if is_error(sums):
            return sums
        return {"source": CLOUDWATCH, "writes": next(iter(sums.values()))}

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        effects = [one.effect for one in self.following.uploads]
        items = [item for e in effects if not is_error(e.items) for item in e.items]
        return [
            *super().clean(key),
            *remove_items(self.connection, self.lab.table.name, key, items),
            *self.extensions.clean(key),
        ]

    @classmethod
    def proof(cls, lab: Lab, seen: dict[str, Any]) -> dict[str, Any]:
        """Return ``{"invoked", "errors", "uploads", "extensions": {extension: [problem]}}``.

        What the extensions showed comes beside it.
        """
        uploads, more = uploads_of(lab, seen), seen["extensions"] or {}
        if is_error(more):  # one of a single extension is a problem of that
            certain(more)
        keys = [one["key"] for one in uploads.values()]
        return {
            **more,
            "invoked": is_invoked(seen),
            "errors": errors_of(uploads),
            "uploads": uploads,
            "extensions": extension_problems(lab, keys, more) if more else {},
        }
