"""The client's ``sample.zip`` in the source bucket, wherever a learner may have put it.

Found by its key, under ``verify/`` (where verify.yml uploads it), and within one page of the
listing: never by reading a whole bucket.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import Reader, attempt, call, nothing
from labproof.aws.connection import Connection

SAMPLE = "sample.zip"
VERIFY = "verify/"
PAGE = 1000  # keys
MOST_SAMPLES = 10
LARGEST = 50_000_000  # bytes


@dataclass(frozen=True)
class Digest:
    """The checksum of one object."""

    bucket: str
    key: str
    operation: str = "get_object"

    def answer(self, connection: Connection) -> Any:
        """Return ``{"key", "size", "sha256"}``; no checksum of what is far too large."""
        return attempt(self.operation, lambda: self._read(connection.client("s3")))

    def _read(self, s3: Any) -> dict[str, Any]:
        found = s3.get_object(Bucket=self.bucket, Key=self.key)
        return {"key": self.key, **_digest(found)}


def samples(bucket: str) -> Reader:
    """Read the samples of a bucket: ``{"found": [sample | error], "listing": None | error}``.

    In a bucket of one page the listing tells all; in a larger one the usual places are looked at.
    """
    (page,) = yield [call("s3", "list_objects_v2", Bucket=bucket, MaxKeys=PAGE)]
    listed = _keys(page)
    if is_error(page) or (page or {}).get("IsTruncated"):
        (verify,) = yield [
            call("s3", "list_objects_v2", Bucket=bucket, Prefix=VERIFY, MaxKeys=PAGE)
        ]
        listed = [SAMPLE, *_keys(verify), *(k for k in listed if not k.startswith(VERIFY))]
        page = verify if is_error(verify) else page
    found = yield [Digest(bucket, key) for key in dict.fromkeys(listed)]
    return {
        "found": [one for one in found if one is not None],
        "listing": page if is_error(page) else None,
    }


def _keys(listing: Any) -> list[str]:
    """Return the keys of the latest samples in a listing."""
    if nothing(listing):
        return []
    entries = listing.get("Contents", [])
    mine = [e for e in entries if f"/{e['Key']}".endswith(f"/{SAMPLE}") and e["Size"] <= LARGEST]
    latest = sorted(mine, key=lambda e: e["LastModified"], reverse=True)
    return [e["Key"] for e in latest[:MOST_SAMPLES]]


def _digest(found: dict[str, Any]) -> dict[str, Any]:
    size = found["ContentLength"]
    if size > LARGEST:
        found["Body"].close()
        return {"size": size, "sha256": None}
    digest = hashlib.sha256()
    for chunk in found["Body"].iter_chunks(1 << 20):
        digest.update(chunk)
    return {"size": size, "sha256": digest.hexdigest()}
