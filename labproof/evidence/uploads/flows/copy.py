"""Probe event-copy: every file arrives whole, with its type and its metadata.

When a lab is proved, uploads have a tag as well, and what a copy has of tags is read: an upload's
``tags`` and its copy's (``copied["tags"]``). Grading needs no right to either.
"""

from __future__ import annotations

from typing import Any

from labproof.aws.asking import nothing
from labproof.evidence.uploads.copies import read_tags
from labproof.evidence.uploads.flows.base import certain, errors_of, is_invoked, uploads_of
from labproof.evidence.uploads.flows.copying import CopyingProbe
from labproof.evidence.uploads.following import Followed
from labproof.evidence.uploads.sending import put
from labproof.evidence.uploads.upload import Upload, content
from labproof.labs import flows
from labproof.labs.lab import Lab

TAGS = {"purpose": "proof"}
WHOLE = ("content_type", "metadata", "sha256", "size")


class CopyProbe(CopyingProbe):
    name = "copy"

    def put(self, upload: Upload) -> Any:
        tagging = {"Tagging": "purpose=proof"} if self.proving else {}
        bucket = self.lab.source.bucket
        return put(self.connection, bucket, upload, content(upload), **tagging)

    def look_around(self, one: Followed) -> None:
        super().look_around(one)
        if self.proving and not nothing(one.effect.copied):
            bucket = self.lab.destination.bucket
            one.effect.copied["tags"] = read_tags(self.connection, bucket, one.upload.key)

    @classmethod
    def proof(cls, lab: Lab, seen: dict[str, Any]) -> dict[str, Any]:
        """Return ``{"invoked", "errors", "uploads": {label: UPLOAD}, "main": UPLOAD}``.

        An UPLOAD has ``sent`` and ``arrived`` as well: content type, metadata, tags, checksum and
        size of both; ``arrived`` is None where there is no copy.
        """
        uploads = {label: one | whole(one) for label, one in uploads_of(lab, seen).items()}
        return {
            "invoked": is_invoked(seen),
            "errors": errors_of(uploads),
            "uploads": certain(uploads),
            "main": uploads[flows.FLOWS[cls.name].main],
        }


def whole(upload: dict[str, Any]) -> dict[str, Any]:
    copied = upload["copied"]
    return {
        "sent": {name: upload[name] for name in WHOLE} | {"tags": TAGS},
        "arrived": copied and {name: copied.get(name) for name in (*WHOLE, "tags")},
    }
