"""What each flow adds to a probe: its own evidence, and how what it left is removed."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Protocol

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.uploads import metadata
from labproof.evidence.uploads.cleaning import LeftBehind, remove_items, remove_objects
from labproof.evidence.uploads.extended import Extended
from labproof.evidence.uploads.following import Watch
from labproof.evidence.uploads.ingest import Ingestion
from labproof.evidence.uploads.reading import asked
from labproof.evidence.uploads.records import CLOUDWATCH, TABLE_METRICS, metrics
from labproof.evidence.uploads.strangers import anonymous_read
from labproof.evidence.uploads.transfer import REPEATED, Transfers
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab


class Flow(Protocol):
    """One flow's probe of one lab, from the uploads to the removal of what they left."""

    watch: Watch

    def send(self) -> dict[str, Any]: ...

    def follow(self, timeout: float) -> None: ...

    def more(self, timeout: float) -> dict[str, Any]:
        """Return the evidence that only this flow has; ``timeout`` is what metrics may take (s)."""

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        """Remove all that the probe left, by the table's key; return what stays."""


def sent_objects(watch: Watch) -> list[LeftBehind]:
    """Remove the uploads themselves."""
    uploads = watch.uploads
    versioned = any(upload.version_id for upload in uploads)
    keys = [upload.key for upload in uploads]
    return remove_objects(watch.connection, watch.lab.source.bucket, keys, versioned)


class TransferFlow(Transfers):
    """file-transfer and event-copy."""

    def __init__(self, lab: Lab, connection: Connection, _: float) -> None:
        super().__init__(lab, connection)
        self.own = ""

    def more(self, _: float) -> dict[str, Any]:
        return {"anonymous": {"source": None, "destination": self.read_as_a_stranger()}}

    def read_as_a_stranger(self) -> Any:
        """Ask for a copy without credentials; where none came, for an object of our own."""
        bucket = self.lab.destination.bucket
        copies = [u for u in self.watch.uploads if u.copied_ms]
        copies.sort(key=lambda u: u.label != REPEATED)
        if copies:
            return anonymous_read(self.connection, bucket, copies[0].key, copies[0].sha256, "copy")
        self.own, body = f"{secrets.token_hex(8)}.txt", secrets.token_bytes(32)
        s3, put = self.connection.client("s3"), {"Bucket": bucket, "Key": self.own, "Body": body}
        answer = asked("put_object", lambda: s3.put_object(**put))
        if answer is None or is_error(answer):
            return answer
        digest = hashlib.sha256(body).hexdigest()
        return anonymous_read(self.connection, bucket, self.own, digest, "own object")

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        uploads = self.watch.uploads
        copies = [u.key for u in uploads] + [k for u in uploads for k in u.strays]
        kept = bool(
            any(u.copied and not is_error(u.copied) and u.copied["version_id"] for u in uploads)
        )
        return [
            *sent_objects(self.watch),
            *remove_objects(
                self.connection,
                self.lab.destination.bucket,
                [*copies, *filter(None, [self.own])],
                kept,
            ),
            *remove_items(self.connection, self.lab.table.name, self.items(key)),
        ]

    def items(self, key: list[dict[str, str]]) -> list[dict[str, Any]]:
        """Return the keys of the audit items that tell of the uploads."""
        known = [u.audit_items for u in self.watch.uploads if not is_error(u.audit_items)]
        found = [
            {part["name"]: {part["type"]: item[part["name"]]} for part in key}
            for items in known
            for item in items
            if key and all(part["name"] in item for part in key)
        ]
        return [one for n, one in enumerate(found) if one not in found[:n]]


class MetadataFlow(metadata.Metadata):
    """file-metadata."""

    def __init__(self, lab: Lab, connection: Connection, _: float) -> None:
        super().__init__(lab, connection)
        self.extended = Extended(lab, connection)

    def send(self) -> dict[str, Any]:
        self.extended.listen()
        return super().send()

    def more(self, timeout: float) -> dict[str, Any]:
        shown = self.extended.seen(self.watch.uploads, timeout)
        return {"table_metrics": self.table_metrics(timeout), "extensions": shown}

    def table_metrics(self, timeout: float) -> Any:
        uploads = [u for u in self.watch.uploads if isinstance(u, metadata.Stored)]
        stored = sum(bool(u.stored_ms) for u in uploads)
        if self.connection.endpoint_url or not timeout:
            unread = next((u.items for u in uploads if is_error(u.items)), None)
            return unread or {"source": "items counted", "writes": stored}
        since, table = self.watch.since_ms, self.lab.table.name
        sums = metrics(self.connection, TABLE_METRICS, table, since, stored, timeout)
        if is_error(sums):
            return sums
        return {"source": CLOUDWATCH, "writes": next(iter(sums.values()))}

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        uploads = [u for u in self.watch.uploads if isinstance(u, metadata.Stored)]
        items = [i for u in uploads if not is_error(u.items) for i in u.items]
        names = [part["name"] for part in key]
        keys = [{n: i[n] for n in names} for i in items if names and all(n in i for n in names)]
        return [
            *sent_objects(self.watch),
            *remove_items(self.connection, self.lab.table.name, keys),
            *self.extended.clean(names),
        ]


class IngestFlow(Ingestion):
    """secure-ingestion."""

    def more(self, _: float) -> dict[str, Any]:
        return {"files": self.files()}

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        names = {part["name"] for part in key}
        stored = [r for r in self.records.values() if is_error(r.stored) or r.stored]
        keys = [k for r in stored for k in r.keys if names == set(k)]
        return [
            *sent_objects(self.watch),
            *remove_items(self.connection, self.lab.table.name, keys),
        ]


FLOWS: dict[str, Any] = {
    "transfer": TransferFlow,
    "copy": TransferFlow,
    "metadata": MetadataFlow,
    "ingest": IngestFlow,
}


def one_upload(watch: Watch) -> Upload | None:
    """Return the upload that stands for all: a good one, and the last one to its key."""
    good = [upload for upload in watch.uploads if not upload.once]
    return good[-1] if good else None
