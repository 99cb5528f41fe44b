"""What the flows that copy share: fresh files arrive under the same key.

An upload's evidence, beside what all have: ``copied`` ({"sha256", "size", "content_type",
"metadata", "version_id"}, None, or an error) and ``copied_ms``, when the copy was first seen to be
the upload; ``strays``: other keys of the destination that begin with the upload's unguessable name;
``listed``: whether the destination's listing shows the copy (or an error).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any, ClassVar

from labproof.aws.asking import call, nothing
from labproof.evidence.uploads.cleaning import LeftBehind, remove_objects
from labproof.evidence.uploads.copies import is_listed, read_copy, strays
from labproof.evidence.uploads.flows.base import FlowProbe
from labproof.evidence.uploads.following import Effect, Followed, Following, together
from labproof.evidence.uploads.strangers import anonymous_read
from labproof.evidence.uploads.upload import Upload


@dataclass
class Copy(Effect):
    """What is seen of an upload's copy."""

    copied: Any = None
    copied_ms: int | None = None
    strays: list[str] = field(default_factory=list)
    listed: Any = None
    evidence: ClassVar[tuple[str, ...]] = ("copied", "copied_ms", "strays", "listed")

    @property
    def complete(self) -> bool:
        return self.copied_ms is not None


class CopyingProbe(FlowProbe):
    """Fresh uploads to a lab that copies."""

    own_object = ""

    def effect(self, upload: Upload) -> Copy:
        return Copy()

    def follow(self) -> None:
        super().follow()
        together(self.look_around, self.following.uploads)

    def look(self, following: Following) -> None:
        """Read the copies that are not there yet, each by its key."""
        together(self.look_for_copy, [u for u in following.pending if not u.effect.copied_ms])

    def look_for_copy(self, one: Followed) -> None:
        """Note what is at an upload's key in the destination, and when it first was the upload."""
        bucket = self.lab.destination.bucket
        one.effect.copied = copied = read_copy(self.connection, bucket, one.upload.key)
        if not nothing(copied) and one.upload.sha256 in (None, copied["sha256"]):
            one.effect.copied_ms = self.following.now()

    def look_around(self, one: Followed) -> None:
        """Read what the destination's listing shows of a copy, and where else it may have gone."""
        bucket = self.lab.destination.bucket
        if not one.effect.copied_ms:
            one.effect.strays = strays(self.connection, bucket, one.upload)
        one.effect.listed = is_listed(self.connection, bucket, one.upload.key)

    def more(self) -> dict[str, Any]:
        return {"anonymous": {"destination": self.read_as_a_stranger()}}

    def read_as_a_stranger(self) -> Any:
        """Ask for a copy without credentials; where none came, for an object of our own."""
        bucket = self.lab.destination.bucket
        copies = [one.upload for one in self.following.uploads if one.effect.copied_ms]
        copies.sort(key=lambda upload: upload.label != self.flow.main)
        if copies:
            return anonymous_read(self.connection, bucket, copies[0].key, copies[0].sha256, "copy")
        if self.proving:
            return None
        self.own_object, body = f"{secrets.token_hex(8)}.txt", secrets.token_bytes(32)
        answer = call("s3", "put_object", Bucket=bucket, Key=self.own_object, Body=body).answer(
            self.connection
        )
        if nothing(answer):
            return answer
        digest = hashlib.sha256(body).hexdigest()
        return anonymous_read(self.connection, bucket, self.own_object, digest, "own object")

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        seen = self.following.uploads
        keys = [one.upload.key for one in seen] + [k for one in seen for k in one.effect.strays]
        copies = [one.effect.copied for one in seen if not nothing(one.effect.copied)]
        versioned = any(copied["version_id"] for copied in copies)
        own = [self.own_object] if self.own_object else []
        bucket = self.lab.destination.bucket
        left = remove_objects(self.connection, bucket, [*keys, *own], versioned)
        return super().clean(key) + left
