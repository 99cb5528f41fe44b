"""Prove the labs that copy: fresh files arrive under the same key, and the table tells of each.

Evidence (all of it plain JSON; see labproof/probe/__init__.py for what every flow has)::

    uploads: {label: UPLOAD}    labels of KEYS, and "again": a second upload to the key of "zip"

An UPLOAD has, beside what all have: ``copied`` ({"sha256", "size", "content_type", "metadata",
"version_id"}, None, or an error) and ``copied_ms``, when the copy was first seen to be the upload;
``strays``: other keys of the destination that begin with the upload's unguessable name;
``versions``: ids of the copy's versions, where the destination keeps versions;
``listed``: whether the destination's listing shows the copy (or an error);
``audit_items``: the table's items that tell of this key, as text (or an error), and ``audited_ms``,
when there were first enough of them. Those of "zip" and "again" are the items of both uploads.
"""

from __future__ import annotations

from typing import Any

from labproof.aws.connection import Connection
from labproof.evidence.uploads.cleaning import versions
from labproof.evidence.uploads.effects import AuditTable, is_listed, look_for_copies, strays
from labproof.evidence.uploads.following import Watch, follow, together, upload_all
from labproof.evidence.uploads.upload import Upload, content, fresh, new_run, send
from labproof.labs.lab import Lab

# Each label with the key's form; {} is the unguessable part.
KEYS = {
    "zip": "{}.zip",
    "spaces and signs": "{}/A b+c %25 {}.zip",
    "accents": "{}/é ü ñ.zip",
    "punctuation": "{} &$@=;:,?'()!.zip",
    "other type": "{}.csv",
}
REPEATED, AGAIN = "zip", "again"


class Transfers:
    """Fresh uploads to a lab that copies."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        self.lab, self.connection = lab, connection
        self.audited = int(lab.flow == "transfer")
        self.table = AuditTable(self.is_early)
        self.watch = Watch(lab, connection, self.look, self.is_seen)
        self.refused: dict[str, Any] = {}

    def send(self) -> dict[str, Any]:
        """Upload one fresh file under each form of key; return what became of each."""
        run = new_run()
        return self.put([fresh(label, form, run) for label, form in KEYS.items()])

    def put(self, uploads: list[Upload], **more: Any) -> dict[str, Any]:
        for upload in uploads:
            upload.wanted_items = upload.wanted_items or self.audited
        bucket = self.lab.source.bucket
        answers = upload_all(
            self.watch, lambda u: send(self.connection, bucket, u, content(u), **more), uploads
        )
        return {u.label: a for u, a in zip(uploads, answers, strict=True)}

    def follow(self, timeout: float) -> None:
        """Follow all uploads (seconds); the key of one is used again as soon as that is done."""
        follow(self.watch, timeout, self.repeat)
        wanted = [u for u in self.watch.uploads if u.wanted_items]
        missed = [u for u in wanted if u.label not in self.table.done]
        if missed:
            self.table.scan(self.watch, missed)
        together(self.look_around, self.watch.uploads)

    def first(self) -> Upload | None:
        """Return the upload whose key is to be used again, if it was copied and was not yet."""
        labels = {upload.label: upload for upload in self.watch.uploads}
        known = AGAIN in labels or AGAIN in self.refused
        first = labels.get(REPEATED)
        return first if first and first.copied_ms and self.audited and not known else None

    def is_early(self) -> bool:
        return self.first() is not None

    def repeat(self) -> None:
        if not (first := self.first()) or not first.finished:
            return
        again = Upload(AGAIN, first.key, first.token, content_type=first.content_type)
        again.earlier, again.wanted_items = frozenset(first.requests), 2
        self.refused |= {k: a for k, a in self.put([again]).items() if not isinstance(a, Upload)}

    def look(self, watch: Watch) -> None:
        look_for_copies(watch)
        self.table.look(watch)

    def is_seen(self, upload: Upload) -> bool:
        audited = upload.audited_ms or not upload.wanted_items or self.is_early()
        return bool(upload.copied_ms and audited)

    def look_around(self, upload: Upload) -> None:
        """Read what the destination's listing shows of a copy, and where else it may have gone."""
        s3, bucket = self.connection.client("s3"), self.lab.destination.bucket
        if not upload.copied_ms:
            upload.strays = strays(s3, bucket, upload)
        upload.listed = is_listed(s3, bucket, upload.key)
        if isinstance(upload.copied, dict) and upload.copied.get("version_id"):
            upload.versions = [v["VersionId"] for v in versions(s3, bucket, upload.key)]
