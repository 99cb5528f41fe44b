"""Look for the effects of uploads: copies, and items that tell of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from labproof.aws.answers import error_of, is_error
from labproof.evidence.uploads.following import Watch, is_ended, together
from labproof.evidence.uploads.reading import asked
from labproof.evidence.uploads.upload import RUN_LENGTH, Upload

# 400 pages are some 400 MB of items, a million or more.
MAX_PAGES = 400
MAX_SCAN_S = 30.0
MAX_ITEMS = 50
MAX_VALUE = 500
MAX_STRAYS = 10
CHUNK = 1 << 20


def look_for_copies(watch: Watch) -> None:
    """Read the copies that are not there yet, each by its key."""
    together(
        lambda upload: look_for_copy(watch, upload), [u for u in watch.pending if not u.copied_ms]
    )


def look_for_copy(watch: Watch, upload: Upload) -> None:
    """Note what is at an upload's key in the destination, and when it first was the upload."""
    s3, bucket = watch.connection.client("s3"), watch.lab.destination.bucket
    upload.copied = asked("get_object", lambda: _copy(s3, str(bucket), upload.key))
    if upload.copied is None or is_error(upload.copied):
        return
    if upload.sha256 in (None, upload.copied["sha256"]):
        upload.copied_ms = watch.now()


def _copy(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    found = s3.get_object(Bucket=bucket, Key=key)
    digest, size = hashlib.sha256(), 0
    for chunk in found["Body"].iter_chunks(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return {
        "sha256": digest.hexdigest(),
        "size": size,
        "content_type": found.get("ContentType"),
        "metadata": found.get("Metadata", {}),
        "version_id": found.get("VersionId"),
    }


def strays(s3: Any, bucket: str, upload: Upload) -> list[str]:
    """Return other keys that begin with an upload's unguessable name: copies in the wrong place."""
    names = {
        part[: part.find(upload.token) + len(upload.token)]
        for part in upload.key.split("/")
        if upload.token and upload.token in part
    }
    found: list[str] = []
    for name in names:
        listed = asked(
            "list_objects_v2",
            partial(s3.list_objects_v2, Bucket=bucket, Prefix=name, MaxKeys=MAX_STRAYS),
        )
        if listed and not is_error(listed):
            found += [entry["Key"] for entry in listed.get("Contents", [])]
    return [key for key in dict.fromkeys(found) if key != upload.key]


def is_listed(s3: Any, bucket: str, key: str) -> Any:
    """Tell whether a bucket's listing shows a key: True, False, or an error."""
    listed = asked("list_objects_v2", lambda: s3.list_objects_v2(Bucket=bucket, Prefix=key))
    if is_error(listed):
        return listed
    return any(entry["Key"] == key for entry in (listed or {}).get("Contents", []))


class AuditTable:
    """The table of audit items, whose keys only the function knows: what is sought is scanned for.

    A scan reads the whole table, so there is one only when all uploads still followed have come to
    an end or a copy, and again only when that has changed; none while ``is_early`` says that more
    uploads are to come. ``done`` are the labels of uploads that were scanned for after their end.
    """

    def __init__(self, is_early: Callable[[], bool] = lambda: False) -> None:
        self.is_early = is_early
        self.before: list[tuple[str, bool]] = []
        self.done: set[str] = set()

    def look(self, watch: Watch) -> None:
        waiting = [u for u in watch.uploads if u.wanted_items and u.label not in self.done]
        ended = [(u.label, u.finished or is_ended(watch, u)) for u in waiting]
        ripe = all(end or u.copied_ms for (_, end), u in zip(ended, waiting, strict=True))
        if ripe and ended != self.before and not self.is_early():
            self.before = ended
            self.scan(watch, waiting)
            self.done |= {label for label, end in ended if end}

    def scan(self, watch: Watch, uploads: list[Upload]) -> None:
        """Note the items that tell of uploads, each with the time when enough were first seen."""
        items = find_items(watch, uploads)
        for upload in uploads:
            upload.audit_items = found = items if is_error(items) else matching(items, upload)
            if not is_error(found) and len(found) >= upload.wanted_items:
                upload.audited_ms = upload.audited_ms or watch.now()


def find_items(watch: Watch, uploads: list[Upload]) -> Any:
    """Return a table's items that tell of uploads, None where there is no table, or an error.

    An item that names no object key can only be found by its partition key.
    """
    names = {"#object": "ObjectKey", "#key": str(watch.lab.table.partition_key)}
    shared = dict.fromkeys(u.token[:RUN_LENGTH] or u.key for u in uploads)
    marks = {f":m{n}": {"S": mark} for n, mark in enumerate(shared)}
    conditions = [f"contains({name}, {mark})" for mark in marks for name in names]
    pages = (
        watch.connection.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=watch.lab.table.name,
            FilterExpression=" OR ".join(conditions),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=marks,
            ConsistentRead=True,
        )
    )
    return asked("scan", lambda: _bounded(pages, len(uploads)))


def _bounded(pages: Any, uploads: int) -> Any:
    """Read pages up to a number and a time; where that is not all, what is missing is unknown."""
    items: list[dict[str, Any]] = []
    start = time.monotonic()
    for number, page in enumerate(pages, 1):
        items += page["Items"]
        ended = "LastEvaluatedKey" not in page
        over = number >= MAX_PAGES or time.monotonic() - start > MAX_SCAN_S
        if not ended and over and len(items) < uploads:
            return error_of("scan", "TooManyItems", f"not all found in the first {number} pages")
        if over:
            break
    return items


def matching(items: list[dict[str, Any]] | None, upload: Upload) -> list[dict[str, str]]:
    """Return the items that tell of an upload, their values as text."""
    mark = upload.token or upload.key
    plain = [as_text(item) for item in items or []]
    return [item for item in plain if any(mark in value for value in item.values())][:MAX_ITEMS]


def as_text(item: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return an item's attributes as text, whatever their types."""
    return {name: str(*value.values())[:MAX_VALUE] for name, value in item.items()}
