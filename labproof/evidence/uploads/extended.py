"""What the extensions in use show of fresh uploads (:mod:`labproof.prove.extensions`).

Evidence: ``extensions``: {"listed", "messages", "doubles", "stack"}, None without any, or an error.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.prove.extensions import Watch, watching
from labproof.evidence.uploads.cleaning import LeftBehind, remove_items, remove_objects
from labproof.evidence.uploads.reading import asked, moments
from labproof.evidence.uploads.upload import Upload
from labproof.labs.lab import Lab


class Extended:
    """Listens before the uploads, looks after them, and removes what it made."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        self.lab, self.connection = lab, connection
        self.open = ExitStack()
        self.watch: Any = None

    @property
    def wanted(self) -> bool:
        lab = self.lab
        return bool(lab.table.index or lab.topic.name or lab.source.more_buckets or lab.stack.name)

    def listen(self) -> None:
        if self.wanted:
            context = watching(self.lab, self.connection)
            self.watch = asked("subscribe", lambda: self.open.enter_context(context))

    def seen(self, uploads: list[Upload], timeout: float) -> Any:
        """Return what is seen of the uploads within a time (seconds)."""
        if not isinstance(self.watch, Watch) or not uploads:
            return self.watch if is_error(self.watch) else None
        return asked("extensions", lambda: self._look(self.watch, uploads, timeout))

    def clean(self, names: list[str]) -> list[LeftBehind]:
        """Remove the queue, and the object that went to every bucket with its items."""
        asked("unsubscribe", self.open.close)
        if not isinstance(self.watch, Watch) or not (key := self.watch.double):
            return []
        left = []
        for bucket in self.lab.source.buckets:
            left += remove_objects(self.connection, bucket, [key], False)
        items = [item for item in self.watch.seen["doubles"].values() if item]
        keys = [{name: item[name] for name in names} for item in items]
        return left + remove_items(self.connection, self.lab.table.name, keys)

    def _look(self, watch: Watch, uploads: list[Upload], timeout: float) -> dict[str, Any]:
        watch.start([upload.key for upload in uploads])
        for _ in moments(timeout):
            if watch.look():
                break
        return dict(watch.seen)
