"""Which invocation belongs to which upload: a pure function of what was uploaded and what ran.

An invocation that names an upload, in whatever form, is that upload's. Where none names it, those
that name no upload at all stand for it, if they began after it: which of them, nobody can tell.
Invocations that were seen before an upload are never its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from labproof.analysis.log import names_key
from labproof.evidence.uploads.invocations import CLOCK_TOLERANCE_MS, Invocation, excerpt
from labproof.evidence.uploads.upload import Upload

MOST = 100  # in evidence


class Awaited(Enum):
    """What may still come of an upload's invocations."""

    NOTHING = "nothing: one has worked, or the last try has failed"
    END = "the end of an invocation"
    OWN = "one that names it, since the function names what it works on"
    ANOTHER = "another one, since the function names nothing"
    RETRY = "another try of what failed"


@dataclass(frozen=True)
class Calls:
    """What an upload's invocations show, as evidence (labproof/evidence/uploads/__init__.py)."""

    requests: list[str] = field(default_factory=list)
    invoked_ms: int | None = None
    reported_ms: int | None = None
    log: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)


class Attribution:
    """Uploads, the invocations of their time, and which belong together.

    ``before`` are request ids of invocations that came before all uploads.
    """

    def __init__(
        self,
        uploads: Iterable[Upload],
        invocations: Iterable[Invocation],
        before: Collection[str | None] = frozenset(),
    ) -> None:
        self.uploads = list(uploads)
        self.invocations = [one for one in invocations if one.request_id not in before]
        self.naming = {
            upload.label: [one for one in self.invocations if names(one, upload)]
            for upload in self.uploads
        }
        known = {id(one) for found in self.naming.values() for one in found}
        self.nameless = [one for one in self.invocations if id(one) not in known]

    def of(self, upload: Upload) -> list[Invocation]:
        """Return an upload's invocations."""
        if named := self._fresh(self.naming[upload.label], upload):
            return [one for one in named if one.started_ms >= upload.signed_ms] or named
        since = upload.signed_ms - CLOCK_TOLERANCE_MS
        return [one for one in self._fresh(self.nameless, upload) if one.started_ms >= since]

    def is_named(self, upload: Upload) -> bool:
        """Tell whether an invocation of its own names an upload."""
        return bool(self._fresh(self.naming[upload.label], upload))

    def named_by(self, invocation: Invocation) -> list[Upload]:
        """Return the uploads that an invocation names."""
        return [u for u in self.uploads if any(one is invocation for one in self.naming[u.label])]

    def awaited(
        self, upload: Upload, pending: Collection[Upload], seen: bool, tries: int
    ) -> Awaited:
        """Tell what may still come of an upload's invocations.

        ``pending`` are the uploads that are still followed; ``seen``: all its effects are;
        ``tries``: how many times Lambda invokes a function that fails.
        """
        own, named = self.of(upload), self.is_named(upload)
        ended = [one for one in own if one.ended_ms is not None]
        if not ended:
            return Awaited.END
        # Invocations that name no key stand for one upload each, whichever it is.
        wanted = 1 if named else sum(not self.naming[one.label] for one in pending)
        if sum(upload.may_fail or one.worked for one in ended) >= wanted:
            if named or seen:
                return Awaited.NOTHING
            return Awaited.OWN if self._names_what_works() else Awaited.ANOTHER
        if len(ended) < len(own):
            return Awaited.END
        spent = len(ended) >= tries if named else self._all_spent(tries)
        if spent or (named and self._is_mended(own, seen, tries)):
            return Awaited.NOTHING
        # Where nothing failed, what is missing is no other try, but an invocation yet to come.
        return Awaited.RETRY if any(one.raised for one in ended) else Awaited.END

    def calls(self, upload: Upload, seen: bool, tries: int) -> Calls:
        """Return what an upload's invocations show.

        Errors are those of the invocations that worked, or else of all; what was mended by another
        try is told as ``retried``.
        """
        own = self.of(upload)
        worked = [one for one in own if one.worked]
        mended = self.is_named(upload) and self._is_mended(own, seen, tries)
        telling = worked or ([] if mended else own)
        others = [one for one in own if one not in telling]
        return Calls(
            requests=list(dict.fromkeys(one.request_id for one in own if one.request_id)),
            invoked_ms=min((one.started_ms for one in own), default=None),
            reported_ms=max((one.ended_ms for one in own if one.ended_ms), default=None),
            log=excerpt([line for one in own for line in one.lines]),
            errors=excerpt(self._trouble(upload, telling)),
            retried=excerpt(self._trouble(upload, others)),
        )

    def as_evidence(self) -> list[dict[str, Any]]:
        """Return the invocations, with the labels of the uploads that it names."""
        return [self._as_evidence(one) for one in self.invocations[:MOST]]

    def _as_evidence(self, invocation: Invocation) -> dict[str, Any]:
        return {
            "request_id": invocation.request_id,
            "started_ms": invocation.started_ms,
            "ended_ms": invocation.ended_ms,
            "raised": invocation.raised,
            "uploads": [upload.label for upload in self.named_by(invocation)],
        }

    def _fresh(self, invocations: list[Invocation], upload: Upload) -> list[Invocation]:
        return [one for one in invocations if one.request_id not in upload.earlier]

    def _is_mended(self, failed: list[Invocation], seen: bool, tries: int) -> bool:
        """Tell whether another try worked in silence: a key may be named in errors only."""
        last = max((one.ended_ms or one.started_ms for one in failed), default=0)
        silent = any(one.worked and (one.ended_ms or 0) > last for one in self.nameless)
        return silent and len(failed) < tries and seen

    def _all_spent(self, tries: int) -> bool:
        """Tell whether every try is made of all uploads that nothing names; none says whose."""
        ended = [one for one in self.nameless if one.ended_ms is not None]
        unnamed = [label for label, found in self.naming.items() if not found]
        return len(ended) >= len(unnamed) * tries

    def _names_what_works(self) -> bool:
        """Tell whether an invocation that ended well named what it worked on."""
        return any(one.worked for found in self.naming.values() for one in found)

    def _trouble(self, upload: Upload, invocations: list[Invocation]) -> list[str]:
        """Return the lines of trouble but those about other uploads.

        One invocation may work on several, and a busy sandbox can show a line one late.
        """
        others = {one.token for one in self.uploads} - {upload.token, ""}
        lines = [line for one in invocations for line in one.trouble(upload.key)]
        return [line for line in lines if not any(token in line for token in others)]


def names(invocation: Invocation, upload: Upload) -> bool:
    """Tell whether an invocation's log names an upload's key, in whatever form."""
    if upload.token:
        return any(upload.token in line for line in invocation.lines)
    return any(names_key(line, upload.key) for line in invocation.lines)
