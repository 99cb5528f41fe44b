"""Follow uploads through a lab: invoked, worked on, reported, each with its time.

All uploads of a lab are followed at once, by one reading of the log a look. An upload is finished
when an invocation for it has ended without an error, for then nothing more will come; when Lambda
has made its last attempt; or when all effects are seen and the log does not say who caused them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

from labproof.aws.answers import is_error
from labproof.aws.asking import call, nothing
from labproof.aws.connection import Connection
from labproof.evidence.uploads.attribution import Attribution, Awaited, Calls
from labproof.evidence.uploads.clock import FIRST_PAUSE_S, moments, now_ms
from labproof.evidence.uploads.invocations import read_invocations
from labproof.evidence.uploads.upload import RUN_LENGTH, Upload
from labproof.labs.lab import Lab

WORKERS = 8
DEFAULT_RETRIES = 2
LOOK_BACK_MS = 10_000
# How long what may still come is waited for after an invocation (ms), on AWS and here. Lambda tries
# again after a minute and then two, the sandbox after a second and then two.
PAUSES_MS = {
    Awaited.RETRY: {"emulated": 4000, "aws": 150_000},
    Awaited.ANOTHER: {"emulated": 1500, "aws": 15_000},
    Awaited.OWN: {"emulated": 4000, "aws": 30_000},
}
# The share of the deadline that a log may be late when all effects have been seen.
LOG_SHARE = 0.25
# How long an upload may take before the next ones no longer wait for it.
PATIENCE_S = 2.0


class Effect:
    """What a flow sees of one upload, in the flow's own terms; by itself, nothing but its log.

    ``complete``: all that the upload should bring about has been seen; ``growing``: the last look
    found more of it than the one before; ``evidence`` are the names of what is told.
    """

    complete: Any = False
    growing: Any = False
    evidence: ClassVar[tuple[str, ...]] = ()

    def as_evidence(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.evidence}


@dataclass
class Followed:
    """An upload and what has been seen of it: its invocations, and its effect."""

    upload: Upload
    effect: Any = field(default_factory=Effect)
    calls: Calls = field(default_factory=Calls)
    finished: bool = False

    @property
    def label(self) -> str:
        return self.upload.label

    @property
    def uploaded_ms(self) -> int:
        """When it was uploaded: an event can reach the function before its answer the client."""
        sent, invoked = self.upload, self.calls.invoked_ms
        latest = sent.uploaded_ms if invoked is None else min(sent.uploaded_ms, invoked)
        return max(sent.signed_ms, latest)

    def as_evidence(self) -> dict[str, Any]:
        own = {"uploaded_ms": self.uploaded_ms, "finished": self.finished}
        seen = vars(self.calls) | self.effect.as_evidence()
        return {**self.upload.as_evidence(), **seen, **own}


class Looking(Protocol):
    """Who looks for effects, after each reading of the log."""

    def look(self, following: Following) -> None: ...


class Following:
    """The uploads that are followed, and the invocations seen so far.

    ``log`` is a list of invocations, or an error. ``in_turn``: each upload waits for the one
    before, for a while.
    """

    def __init__(
        self, lab: Lab, connection: Connection, looking: Looking, in_turn: bool = False
    ) -> None:
        self.lab, self.connection, self.looking = lab, connection, looking
        self.in_turn = in_turn
        self.uploads: list[Followed] = []
        self.log: Any = []
        self.attribution = Attribution((), ())
        self._before: frozenset[str | None] = frozenset()
        self._tries = 0

    @property
    def pending(self) -> list[Followed]:
        return [one for one in self.uploads if not one.finished]

    @property
    def since_ms(self) -> int:
        return min((one.upload.signed_ms for one in self.uploads), default=0)

    def __getitem__(self, label: str) -> Followed:
        return next(one for one in self.uploads if one.label == label)

    def now(self) -> int:
        """Return the time by AWS's clock."""
        return now_ms() + max((one.upload.skew_ms for one in self.uploads), key=abs, default=0)

    def look_back(self) -> None:
        """Note the latest invocations, which cannot be due to uploads that are yet to come."""
        found = read_invocations(self.connection, self.lab.function.name, now_ms() - LOOK_BACK_MS)
        self._before = frozenset(() if is_error(found) else (one.request_id for one in found))

    def add(self, *uploads: Followed) -> None:
        self.uploads += uploads
        self._attribute()

    def upload_all(
        self, put: Callable[[Upload], Any], uploads: list[Upload], effect: Callable[[Upload], Any]
    ) -> dict[str, Any]:
        """Upload at once, or each when the one before is worked on; return the answers by label.

        In turn one worker serves all, where every other one would take half a second of the
        machine. What was seen before an upload cannot be due to it.
        """
        answers: dict[str, Any] = {}
        patient = True
        for batch in [[one] for one in uploads] if self.in_turn else [uploads]:
            sent = together(put, [self._later(upload) for upload in batch])
            made = [Followed(one, effect(one)) for one in sent if isinstance(one, Upload)]
            answers |= {one.label: answer for one, answer in zip(batch, sent, strict=True)}
            self.add(*made)
            if self.in_turn and made:
                patient = patient and self._ends_soon(made[0])
        return answers

    def follow(self, timeout: float, after: Callable[[], None] = lambda: None) -> None:
        """Look until all is finished, or time is up (seconds); ``after`` follows each look."""
        for waited in moments(timeout):
            self.look(late=waited > timeout * LOG_SHARE)
            after()
            if not self.pending:
                break

    def look(self, late: bool = True) -> None:
        """Read the log once, look for effects, and note what is finished."""
        marks = {one.upload.token[:RUN_LENGTH]: None for one in self.uploads if one.upload.token}
        self.log = read_invocations(
            self.connection, self.lab.function.name, self.since_ms, tuple(marks)
        )
        self._attribute()
        self._reopen()
        # What has ended before the effects are looked for has no effects later.
        ended = {one.label for one in self.pending if self.is_ended(one)}
        self.looking.look(self)
        for one in self.pending:
            self.note(one)
            silent = one.effect.complete and not one.calls.requests
            ended_still = one.label in ended and not one.effect.growing
            one.finished = ended_still or (silent and (late or is_error(self.log)))

    def note(self, one: Followed) -> None:
        """Note what an upload's invocations show."""
        one.calls = self.attribution.calls(one.upload, one.effect.complete, self.tries())

    def is_ended(self, one: Followed) -> bool:
        """Tell whether no more invocations will come for an upload."""
        awaited = self.attribution.awaited(
            one.upload,
            [other.upload for other in self.pending],
            one.effect.complete,
            self.tries(),
        )
        if awaited not in PAUSES_MS:
            return awaited is Awaited.NOTHING
        last = max(call.ended_ms or 0 for call in self.attribution.of(one.upload))
        longest = PAUSES_MS[awaited]["emulated" if self.connection.endpoint_url else "aws"]
        return self.now() - last > longest

    def tries(self) -> int:
        """Return how many times Lambda tries; asked once, and only when something failed."""
        if not any(one.raised for one in self.attribution.invocations):
            return 1 + DEFAULT_RETRIES
        if not self._tries:
            name = self.lab.function.name
            asked = call("lambda", "get_function_event_invoke_config", FunctionName=name)
            answer = asked.answer(self.connection)
            known = {} if nothing(answer) else answer
            self._tries = 1 + known.get("MaximumRetryAttempts", DEFAULT_RETRIES)
        return self._tries

    def _attribute(self) -> None:
        found = [] if is_error(self.log) else self.log
        uploads = [one.upload for one in self.uploads]
        self.attribution = Attribution(uploads, found, self._before)

    def _later(self, upload: Upload) -> Upload:
        seen = frozenset(one.request_id for one in self.attribution.invocations)
        return replace(upload, earlier=upload.earlier | seen)

    def _reopen(self) -> None:
        """Follow an upload again that a stranger's invocation stood for, now that its own came."""
        for one in self.uploads:
            if one.finished and not one.upload.may_fail and not one.effect.complete:
                named = self.attribution.naming[one.label]
                one.finished = {call.request_id for call in named} <= set(one.calls.requests)

    def _ends_soon(self, one: Followed) -> bool:
        time.sleep(FIRST_PAUSE_S)  # a look at once would come too early, and costs as much as any
        for _ in moments(PATIENCE_S):
            self.look(late=False)
            if one.finished:
                return True
        return False


def together(work: Callable[[Any], Any], what: Iterable[Any]) -> list[Any]:
    """Do the same for many things at once, and return the results in their order."""
    many = list(what)
    if len(many) < 2:
        return [work(one) for one in many]
    with ThreadPoolExecutor(max_workers=min(WORKERS, len(many))) as pool:
        return list(pool.map(work, many))
