"""Follow one upload that somebody else made: invoked, copied, audited, each with its time."""

from __future__ import annotations

from labproof.aws.connection import Connection
from labproof.evidence.prove.certain import certain
from labproof.evidence.uploads.effects import AuditTable, look_for_copies
from labproof.evidence.uploads.following import Watch, follow
from labproof.evidence.uploads.reading import moments
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab

__all__ = ["follow_upload", "moments"]


def follow_upload(lab: Lab, connection: Connection, upload: Upload, timeout: float) -> Upload:
    """Watch the effects of an upload until nothing more can come, or time (seconds) is up.

    Raises AwsError where something could not be read.
    """
    table = AuditTable()

    def look(watch: Watch) -> None:
        look_for_copies(watch)
        table.look(watch)

    watch = Watch(lab, connection, look, lambda one: bool(one.copied_ms and one.audited_ms))
    watch.add(upload)
    follow(watch, timeout)
    if not upload.finished and not upload.audited_ms:
        table.scan(watch, [upload])
    for reading in (watch.attempts, upload.copied, upload.audit_items):
        certain(reading)
    return upload
