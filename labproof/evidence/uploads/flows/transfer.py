"""Probe file-transfer: fresh files arrive under the same key, and an item tells of each.

An upload's evidence, beside what those of all flows that copy have: ``audit_items``: the table's
items that tell of its key, as text (or an error), and ``audited_ms``, when there were first enough
of them. As soon as the main upload is done, its key is used again: ``again``. The items of both are
those of both uploads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labproof.aws.answers import is_error
from labproof.evidence.uploads.audit_items import AuditTable
from labproof.evidence.uploads.cleaning import LeftBehind, remove_items
from labproof.evidence.uploads.flows.base import certain, uploads_of
from labproof.evidence.uploads.flows.copying import Copy, CopyingProbe
from labproof.evidence.uploads.following import Followed, Following
from labproof.evidence.uploads.upload import Upload
from labproof.labs.flows import AGAIN
from labproof.labs.lab import Lab


@dataclass
class Audited(Copy):
    """What is seen of an upload's copy and items; which are not awaited as long as it is early."""

    wanted_items: int = 1
    is_early: Callable[[], bool] = lambda: False
    audit_items: Any = field(default_factory=list)
    audited_ms: int | None = None
    evidence = (*Copy.evidence, "audit_items", "audited_ms")

    @property
    def complete(self) -> bool:
        return super().complete and (self.audited_ms is not None or self.is_early())


class TransferProbe(CopyingProbe):
    name = "transfer"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.table = AuditTable(self.is_early)

    def send(self) -> None:
        if self.client is None:
            super().send()
        else:
            self.following.add(Followed(self.client, self.effect(self.client)))

    def effect(self, upload: Upload) -> Audited:
        return Audited(wanted_items=2 if upload.label == AGAIN else 1, is_early=self.is_early)

    def follow(self) -> None:
        super().follow()
        if missed := self.table.missed(self.following):
            self.table.scan(self.following, missed)

    def go_on(self) -> None:
        """Use the main upload's key again as soon as that is done."""
        if (first := self.first()) and first.finished:
            sent, earlier = first.upload, frozenset(first.calls.requests)
            self.send_all([Upload(AGAIN, sent.key, sent.token, sent.content_type, earlier=earlier)])

    def first(self) -> Followed | None:
        """Return the upload whose key is to be used again, if it was copied and was not yet."""
        seen = {one.label: one for one in self.following.uploads}
        first = seen.get(self.flow.main)
        known = AGAIN in seen or AGAIN in self.answers
        return first if first and first.effect.copied_ms and not known else None

    def is_early(self) -> bool:
        return self.first() is not None

    def look(self, following: Following) -> None:
        super().look(following)
        self.table.look(following)

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        if self.client:
            return []
        effects = [one.effect for one in self.following.uploads]
        found = [item for e in effects if not is_error(e.audit_items) for item in e.audit_items]
        types = {part["name"]: part["type"] for part in key}
        keys = [{n: {kind: item[n]} for n, kind in types.items() if n in item} for item in found]
        once = [one for n, one in enumerate(keys) if one not in keys[:n]]
        removed = super().clean(key)
        return removed + remove_items(self.connection, self.lab.table.name, key, once)

    @classmethod
    def proof(cls, lab: Lab, seen: dict[str, Any]) -> dict[str, Any]:
        """Return the client's upload, or the main one, with what strangers got of both objects."""
        certain(seen["invocations"])
        upload = next(iter(uploads_of(lab, seen).values()))
        return {**upload, "anonymous": certain(seen["anonymous"])}
