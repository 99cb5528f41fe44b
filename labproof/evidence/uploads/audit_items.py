"""Look for the audit items that tell of uploads, in a table whose keys only the function knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import attempt
from labproof.evidence.uploads.following import Followed, Following
from labproof.evidence.uploads.upload import RUN_LENGTH, Upload

# 400 pages are some 400 MB of items, a million or more.
MAX_PAGES = 400
MAX_SCAN_S = 30.0
MAX_ITEMS = 50
MAX_VALUE = 500


class AuditTable:
    """What is sought is scanned for.

    A scan reads the whole table, so there is one only when all uploads still followed have come to
    an end or a copy, and again only when that has changed; none while ``is_early`` says that more
    uploads are to come. ``done`` are the labels of uploads that were scanned for after their end.
    """

    def __init__(self, is_early: Callable[[], bool]) -> None:
        self.is_early = is_early
        self.before: list[tuple[str, bool]] = []
        self.done: set[str] = set()

    def look(self, following: Following) -> None:
        waiting = self.missed(following)
        ended = [(one.label, one.finished or following.is_ended(one)) for one in waiting]
        ripe = all(
            end or one.effect.copied_ms for (_, end), one in zip(ended, waiting, strict=True)
        )
        if ripe and ended != self.before and not self.is_early():
            self.before = ended
            self.scan(following, waiting)
            self.done |= {label for label, end in ended if end}

    def missed(self, following: Following) -> list[Followed]:
        """Return the uploads that were not scanned for after their end."""
        return [one for one in following.uploads if one.label not in self.done]

    def scan(self, following: Following, uploads: list[Followed]) -> None:
        """Note the items that tell of uploads, each with the time when enough were first seen."""
        items = find_items(following, [one.upload for one in uploads])
        for one in uploads:
            one.effect.audit_items = items if is_error(items) else matching(items, one.upload)
            if not is_error(items) and len(one.effect.audit_items) >= one.effect.wanted_items:
                one.effect.audited_ms = one.effect.audited_ms or following.now()


def find_items(following: Following, uploads: list[Upload]) -> Any:
    """Return a table's items that tell of uploads, None where there is no table, or an error.

    An item that names no object key can only be found by its partition key.
    """
    table = following.lab.table
    names = {"#object": "ObjectKey", "#key": str(table.partition_key)}
    shared = dict.fromkeys(u.token[:RUN_LENGTH] or u.key for u in uploads)
    marks = {f":m{n}": {"S": mark} for n, mark in enumerate(shared)}
    conditions = [f"contains({name}, {mark})" for mark in marks for name in names]
    pages = (
        following.connection.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=table.name,
            FilterExpression=" OR ".join(conditions),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=marks,
            ConsistentRead=True,
        )
    )
    return attempt("scan", lambda: _bounded(pages, len(uploads)))


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
