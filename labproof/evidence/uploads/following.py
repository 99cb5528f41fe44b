"""Follow uploads through a lab: invoked, worked on, reported, each with its time.

All uploads of a lab are followed at once, by one reading of the log a look. An upload is finished
when an invocation for it has ended without an error, for then nothing more will come; when Lambda
has made its last attempt; or when all effects are seen and the log does not say who caused them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from labproof.analysis.log import names_key
from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.uploads.attempts import CLOCK_TOLERANCE_MS, Attempt, read_attempts, shown
from labproof.evidence.uploads.reading import FIRST_PAUSE_S, asked, moments, now_ms
from labproof.evidence.uploads.upload import RUN_LENGTH, Upload
from labproof.labs.lab import Lab

WORKERS = 8
DEFAULT_RETRIES = 2
LOOK_BACK_MS = 10_000
# How long Lambda waits before it tries again: a minute and two on AWS, a second and two here.
RETRY_PAUSE_MS = {"emulated": 4000, "aws": 150_000}
# How long after an invocation that names no upload another one may still be to come.
NAMELESS_PAUSE_MS = {"emulated": 1500, "aws": 15_000}
# The same where the function names what it works on, so that it may be a stranger's upload.
STRANGER_PAUSE_MS = {"emulated": 4000, "aws": 30_000}
# The share of the deadline that a log may be late when all effects have been seen.
LOG_SHARE = 0.25
# How long an upload may take before the next ones no longer wait for it.
PATIENCE_S = 2.0


@dataclass
class Watch:
    """The uploads that are followed, the invocations seen so far, and how effects are looked for.

    ``look_for`` is called with the uploads that are not finished, after each reading of the log;
    ``is_seen`` tells whether all effects of an upload have been seen, ``is_growing`` whether the
    last look found more of them than the one before. ``attempts``: a list of Attempt, or an error.
    """

    lab: Lab
    connection: Connection
    look_for: Callable[[Watch], None]
    is_seen: Callable[[Upload], bool]
    is_growing: Callable[[Upload], bool] = lambda _: False
    uploads: list[Upload] = field(default_factory=list)
    attempts: Any = field(default_factory=list)
    in_turn: bool = False
    allowed: int = 0
    since_ms: int = 0
    # Request ids of invocations that came before all uploads
    before: frozenset[str | None] = frozenset()

    @property
    def pending(self) -> list[Upload]:
        return [upload for upload in self.uploads if not upload.finished]

    @property
    def marks(self) -> tuple[str, ...]:
        """What the uploads' tokens begin with: a line with it names an upload."""
        return tuple({u.token[:RUN_LENGTH]: None for u in self.uploads if u.token})

    @property
    def seen_attempts(self) -> list[Attempt]:
        return [] if is_error(self.attempts) else list(self.attempts)

    def now(self) -> int:
        """Return the time by AWS's clock."""
        return now_ms() + max((u.skew_ms for u in self.uploads), key=abs, default=0)

    def look_back(self) -> None:
        """Note the latest invocations, which cannot be due to uploads that are yet to come."""
        found = read_attempts(self.connection, self.lab.function.name, now_ms() - LOOK_BACK_MS)
        if not is_error(found):
            self.before = frozenset(attempt.request_id for attempt in found)

    def add(self, *uploads: Upload) -> None:
        self.uploads += uploads
        self.since_ms = min((upload.signed_ms for upload in self.uploads), default=0)


def follow(watch: Watch, timeout: float, after: Callable[[], None] = lambda: None) -> None:
    """Look until all uploads are finished, or time is up (seconds); ``after`` follows each look."""
    for waited in moments(timeout):
        look(watch, waited, late=waited > timeout * LOG_SHARE)
        after()
        if not watch.pending:
            break


def look(watch: Watch, waited: float = 0.0, late: bool = True) -> None:
    """Read the log once, look for effects, and note what is finished."""
    watch.attempts = read_attempts(
        watch.connection, watch.lab.function.name, watch.since_ms, watch.marks
    )
    reopen(watch)
    # What has ended before the effects are looked for has no effects later.
    ended = {upload.label for upload in watch.pending if is_ended(watch, upload)}
    watch.look_for(watch)
    for upload in watch.pending:
        note(watch, upload)
        upload.waited_s = round(waited, 3)
        silent = watch.is_seen(upload) and not upload.requests
        ended_still = upload.label in ended and not watch.is_growing(upload)
        upload.finished = ended_still or (silent and (late or is_error(watch.attempts)))


def reopen(watch: Watch) -> None:
    """Follow an upload again that a stranger's invocation stood for, now that its own has come."""
    for upload in watch.uploads:
        named = {a.request_id for a in watch.seen_attempts if is_named(a, upload)}
        if upload.finished and not upload.once and not watch.is_seen(upload):
            upload.finished = named <= set(upload.requests)


def together(work: Callable[[Any], Any], what: list[Any]) -> list[Any]:
    """Do the same for many things at once, and return the results in their order."""
    if len(what) < 2:
        return [work(one) for one in what]
    with ThreadPoolExecutor(max_workers=min(WORKERS, len(what))) as pool:
        return list(pool.map(work, what))


def upload_all(watch: Watch, work: Callable[[Any], Any], uploads: list[Any]) -> list[Any]:
    """Upload at once, or each when the one before is worked on; return the answers in their order.

    In turn one worker serves all, where every other one would take half a second of the machine.
    """
    if not watch.in_turn:
        answers = together(work, uploads)
        watch.add(*(answer for answer in answers if isinstance(answer, Upload)))
        return answers
    answers, patient = [], True
    for upload in uploads:
        # What was seen before an upload cannot be due to it.
        seen = frozenset(attempt.request_id for attempt in watch.seen_attempts)
        answers.append(answer := work(upload))
        if isinstance(answer, Upload):
            answer.earlier |= seen
            watch.add(answer)
            patient = patient and ends_soon(watch, answer)
    return answers


def ends_soon(watch: Watch, upload: Upload) -> bool:
    time.sleep(FIRST_PAUSE_S)  # a look at once would come too early, and costs as much as any
    for waited in moments(PATIENCE_S):
        look(watch, waited, late=False)
        if upload.finished:
            return True
    return False


def mine(watch: Watch, upload: Upload) -> list[Attempt]:
    """Return the invocations that name an upload; where none does, those that name no upload."""
    known = upload.earlier | watch.before
    fresh = [a for a in watch.seen_attempts if a.request_id not in known]
    if named := [a for a in fresh if is_named(a, upload)]:
        return [a for a in named if a.started_ms >= upload.signed_ms] or named
    return [a for a in nameless(watch, fresh) if a.started_ms >= since(upload)]


def nameless(watch: Watch, attempts: list[Attempt]) -> list[Attempt]:
    """Return the invocations whose log names no upload."""
    return [a for a in attempts if not any(is_named(a, upload) for upload in watch.uploads)]


def since(upload: Upload) -> int:
    return upload.signed_ms - CLOCK_TOLERANCE_MS


def is_mended(watch: Watch, upload: Upload, failed: list[Attempt]) -> bool:
    """Tell whether another try worked in silence: a key may be named in errors only."""
    last = max((a.ended_ms or a.started_ms for a in failed), default=0)
    later = [a for a in nameless(watch, watch.seen_attempts) if not a.raised]
    silent = any(a.ended_ms is not None and a.ended_ms > last for a in later)
    return silent and len(failed) < allowed(watch) and watch.is_seen(upload)


def is_named(attempt: Attempt, upload: Upload) -> bool:
    """Tell whether an invocation's log names an upload's key, in whatever form."""
    if upload.token:
        return attempt.names(upload.token)
    return any(names_key(line, upload.key) for line in attempt.lines)


def is_ended(watch: Watch, upload: Upload) -> bool:
    """Tell whether no more invocations will come for an upload: one is done, or the last failed."""
    found = mine(watch, upload)
    ended = [a for a in found if a.ended_ms is not None]
    if not ended:
        return False
    named = any(is_named(a, upload) for a in found)
    # Invocations that name no key stand for one upload each, whichever it is.
    wanted = 1 if named else sum(not is_named_at_all(watch, u) for u in watch.pending)
    idle_ms = watch.now() - max(a.ended_ms or 0 for a in ended)
    if sum(upload.once or not a.raised for a in ended) >= wanted:
        lengths = STRANGER_PAUSE_MS if names_uploads(watch) else NAMELESS_PAUSE_MS
        return named or watch.is_seen(upload) or idle_ms > pause(watch, lengths)
    if len(ended) < len(found):
        return False
    if named and is_mended(watch, upload, found):
        return True
    spent = len(ended) >= allowed(watch) if named else all_spent(watch)
    # Where nothing failed, what is missing is no other try, but an invocation yet to come.
    tried = any(a.raised for a in ended)
    return spent or (tried and idle_ms > pause(watch, RETRY_PAUSE_MS))


def all_spent(watch: Watch) -> bool:
    """Tell whether every try is made of all uploads that no log names; none says whose it is."""
    fresh = [a for a in watch.seen_attempts if a.request_id not in watch.before]
    ended = [a for a in nameless(watch, fresh) if a.ended_ms is not None]
    unnamed = [upload for upload in watch.uploads if not is_named_at_all(watch, upload)]
    return len(ended) >= len(unnamed) * allowed(watch)


def pause(watch: Watch, lengths: dict[str, int]) -> int:
    """Return how long (ms) something may be awaited, which takes longer on AWS."""
    return lengths["emulated" if watch.connection.endpoint_url else "aws"]


def is_named_at_all(watch: Watch, upload: Upload) -> bool:
    return any(is_named(a, upload) for a in watch.seen_attempts)


def names_uploads(watch: Watch) -> bool:
    """Tell whether an invocation that ended well named what it worked on."""
    well = [a for a in watch.seen_attempts if a.ended_ms is not None and not a.raised]
    return any(is_named(attempt, upload) for attempt in well for upload in watch.uploads)


def allowed(watch: Watch) -> int:
    """Return how many times Lambda tries; asked once, and only when something failed."""
    if not watch.allowed:
        answer = asked(
            "get_function_event_invoke_config",
            lambda: watch.connection.client("lambda").get_function_event_invoke_config(
                FunctionName=watch.lab.function.name
            ),
        )
        known = {} if answer is None or is_error(answer) else answer
        watch.allowed = 1 + known.get("MaximumRetryAttempts", DEFAULT_RETRIES)
    return watch.allowed


def own_trouble(watch: Watch, upload: Upload, attempts: list[Attempt]) -> list[str]:
    """Return the lines of trouble but those about other uploads.

    One invocation may work on several, and a busy sandbox can show a line one invocation late.
    """
    others = {u.token for u in watch.uploads} - {upload.token, ""}
    lines = [line for attempt in attempts for line in attempt.trouble(upload.key)]
    return [line for line in lines if not any(token in line for token in others)]


def note(watch: Watch, upload: Upload) -> None:
    """Keep of an upload's invocations what a check or a reader of the evidence asks for.

    Errors are those of the last invocation that ended well, or else of all; what was mended by
    another try is told as ``retried``.
    """
    found = mine(watch, upload)
    good = [a for a in found if a.ended_ms is not None and not a.raised]
    failed = bool(found) and not good and any(is_named(a, upload) for a in found)
    telling = good or ([] if failed and is_mended(watch, upload, found) else found)
    upload.attempts = len(found)
    upload.requests = list(dict.fromkeys(a.request_id for a in found if a.request_id))
    upload.request_id = next(iter(upload.requests), None)
    upload.invoked_ms = min((a.started_ms for a in found), default=None)
    upload.reported_ms = max((a.ended_ms for a in found if a.ended_ms), default=None)
    upload.log = shown([line for a in found for line in a.lines])
    upload.errors = shown(own_trouble(watch, upload, telling))
    others = [a for a in found if a not in telling]
    upload.retried = shown(own_trouble(watch, upload, others))
    if upload.invoked_ms is not None:
        # An event can reach the function before the answer to the upload reaches the client.
        upload.uploaded_ms = max(upload.signed_ms, min(upload.uploaded_ms, upload.invoked_ms))
