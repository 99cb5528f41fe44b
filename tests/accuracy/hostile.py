"""Grade a whole lab while its account refuses a call, is slow, or expires: errors, never failures.

Refusals come before a call is sent, so that no SDK tries again; all else reaches the sandbox. What
only collect asks is refused while the probe's part of an ordinary run stands in for a new one, and
the other way round.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from botocore.awsrequest import AWSResponse

from labproof.aws import connection as aws
from labproof.aws.operations import OPERATIONS
from labproof.evidence import taking as grading
from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab
from labproof.evidence.uploads import probe, samples
from labproof.grading.judge import judge
from tests.support.grading import client_files
from tests.support.labs import Bench

from .verdicts import Verdicts, compare

TIMEOUT_S = 6.0
RECORDS = 200
LONGEST_TRACE = 1000
THROTTLED, DENIED, EXPIRED = "ThrottlingException", "AccessDenied", "ExpiredToken"
SAID = {
    THROTTLED: (503, "Rate exceeded"),
    DENIED: (403, "User: arn:aws:iam::000000000000:role/grader is not authorized to perform: {}"),
    EXPIRED: (400, "The provided token has expired."),
}
BODILESS = ("s3.HeadBucket", "s3.HeadObject")
# What is cut off after how large a share of an ordinary run's calls
SHARES = (0.0, 0.1, 0.4, 0.7, 0.9)
DELAY_S = 0.03
# Which requirements need what an operation tells; all that are not named here matter to every lab.
NEEDED_BY: dict[str, tuple[str, ...]] = {
    "dynamodb.BatchWriteItem": (),  # removes the probe's items, as the next two its objects
    "s3.DeleteObjects": (),
    "s3.ListObjectVersions": (),
    "dynamodb.DescribeContinuousBackups": ("table.recoverable",),
    "s3.GetBucketAcl": ("source-bucket.private", "destination-bucket.private"),
    "s3.GetBucketEncryption": ("source-bucket.encrypted",),
    "s3.GetBucketVersioning": ("source-bucket.versioned",),
    "s3.GetPublicAccessBlock": (
        *("source-bucket.private", "source-bucket.public-access", "destination-bucket.private"),
    ),
    "s3.HeadObject": ("metadata.item", "source-bucket.anonymous-read", "source-bucket.encrypted"),
    "s3.ListObjectsV2": ("transfer.listed", "source-bucket.https-only"),
}
RIGHTS = {f"{one.service}.{one.api_name}": one.actions[0] for one in OPERATIONS}
# A call that the probe makes to have it on record
ON_RECORD = "s3.GetBucketVersioning"
Refuse = Callable[[str], str | None]
Stage = Callable[..., Any]


class Account:
    """What every client of this process meets: ``refuse`` tells the code that a call is given."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refuse: Refuse = lambda _: None
        self.delay_s = 0.0

    def answer(self, model: Any, **_: Any) -> Any:
        name = f"{model.service_model.service_name}.{model.name}"
        self.calls.append(name)
        time.sleep(self.delay_s)
        code = self.refuse(name)
        return refusal(name, code) if code else None


def refusal(name: str, code: str) -> tuple[AWSResponse, dict[str, Any]]:
    """Return AWS's answer to a call that it refuses."""
    status, message = SAID[code]
    if name in BODILESS:  # an answer without a body has no other code
        code, message = str(status), ""
    told = {"Code": code, "Message": message.format(right(name))}
    answer = {"Error": told, "ResponseMetadata": {"HTTPStatusCode": status}}
    return AWSResponse("https://refused", status, {}, None), answer


def right(name: str) -> str:
    """Return the right that an operation needs; a sandbox's own ones are not declared."""
    return RIGHTS.get(name, name.replace(".", ":", 1))


def call(name: str) -> str:
    """Return what an error calls an operation."""
    return xform_name(name.partition(".")[2])


@contextmanager
def hostile_account() -> Iterator[Account]:
    """Let every client that is made from now on meet one account."""
    account, events = Account(), aws.SHARED_SESSION._session
    aws._client.cache_clear()
    events.register("before-call", account.answer, unique_id="hostile")
    try:
        yield account
    finally:
        events.unregister("before-call", unique_id="hostile")
        aws._client.cache_clear()


def given(found: dict[str, Any]) -> Stage:
    """Return a stage that asks for nothing, and finds what another one found."""
    return lambda *_: deepcopy(found)


class Grading:
    """Gradings of one lab, one after the other; the first is an ordinary one."""

    def __init__(self, entry: InventoryLab, account: Account) -> None:
        self.entry, self.account = entry, account
        of_probe: list[str] = []

        def probed(*arguments: Any) -> Any:
            before = len(account.calls)
            found = probe(*arguments)
            of_probe.extend(account.calls[before:])
            return found

        self.whole = self.take(probe=probed)
        self.asked = list(account.calls)
        state = {k: v for k, v in self.whole["state"].items() if k != "client"}
        others = Counter(self.asked) - Counter(of_probe)
        self.stages = [
            ("", set(others), {"probe": given(self.whole["probe"])}),
            (" in the probe", set(of_probe), {"collect": given(state)}),
        ]

    @property
    def operations(self) -> set[str]:
        return {name for _, operations, _ in self.stages for name in operations}

    def matters(self, operation: str) -> bool:
        """Tell whether some requirement of the lab needs what an operation tells."""
        mine = set(self.entry.lab.requirements)
        return bool(mine & set(NEEDED_BY.get(operation, mine)))

    def take(self, **instead: Stage) -> dict[str, Any]:
        """Take a snapshot, its stages (collect, probe) as they are or others instead."""
        with ExitStack() as stack:
            stack.enter_context(patch.object(samples, "BULK", RECORDS))
            for name, stage in instead.items():
                stack.enter_context(patch.object(grading, name, stage))
            self.account.calls.clear()
            return grading.take(self.entry, client_files(self.entry), TIMEOUT_S)

    def under(
        self, name: str, label: str, named: Collection[str] = (), **instead: Stage
    ) -> Verdicts:
        """Grade as the account is now; no id fails, and each in error says what was refused."""
        began, ids = time.monotonic(), self.entry.lab.requirements
        try:
            result = judge(Snapshot(self.take(**instead)))
            verdicts = compare(name, label, result, errors=ids)
            verdicts.alarms += unnamed(result, named)
        except Exception:
            broken = traceback.format_exc()[-LONGEST_TRACE:]
            verdicts = Verdicts(name, label, alarms=["raised"], found={"raised": broken})
        finally:
            self.account.refuse, self.account.delay_s = lambda _: None, 0.0
        verdicts.seconds = time.monotonic() - began
        return verdicts


def unnamed(result: dict[str, Any], named: Collection[str]) -> list[str]:
    """Return an alarm for each id in error that names nothing of what was refused."""
    errors = [row for row in result["checks"] if row["status"] == "error"]
    return [
        f"unnamed right: {row['id']}"
        for row in errors
        if named and not any(name in row["found"] for name in named)
    ]


@dataclass(frozen=True)
class Refusal:
    """Operations that are refused together, while the other stage's part is given."""

    what: str
    operations: frozenset[str]
    instead: dict[str, Stage]


def throttles(grading: Grading) -> Iterator[Refusal]:
    """Yield each operation of each stage by itself."""
    for when, operations, instead in grading.stages:
        for one in sorted(operations):
            yield Refusal(f"throttled{when}: {one}", frozenset([one]), instead)


def denials(grading: Grading) -> Iterator[Refusal]:
    """Yield each right that the grader may lack, with all that it is needed for, in both stages."""
    for when, operations, instead in grading.stages:
        for wanted in sorted(set(map(right, operations))):
            in_all = frozenset(o for o in grading.operations if right(o) == wanted)
            if all(in_all & stage for _, stage, _ in grading.stages):
                yield Refusal(f"denied: {wanted}", in_all, {})
            else:
                yield Refusal(f"denied{when}: {wanted}", in_all, instead)


def refused(grading: Grading, label: str, code: str, refusal: Refusal) -> Verdicts:
    """Grade while some operations are refused; an id that needs them is an error, which says so."""
    operations = refusal.operations
    grading.account.refuse = lambda name: code if name in operations else None
    named = {text for o in operations for text in (right(o), call(o))}
    verdicts = grading.under(refusal.what, label, named, **refusal.instead)
    matters = any(map(grading.matters, operations)) and not on_record(refusal)
    if matters and "error" not in verdicts.statuses.values():
        verdicts.alarms.append("no error")
    return verdicts


def on_record(refusal: Refusal) -> bool:
    return refusal.operations == {ON_RECORD} and "collect" in refusal.instead


def expired(grading: Grading, label: str, shares: Collection[float] = SHARES) -> Iterator[Verdicts]:
    """Let the credentials expire at some calls of the run."""
    calls = grading.account.calls
    named = [EXPIRED, *map(call, BODILESS)]
    for share in shares:
        last = int(share * len(grading.asked))
        grading.account.refuse = lambda _, last=last: EXPIRED if len(calls) > last else None
        yield grading.under(f"expired: after {last} calls", label, named)


def slow(grading: Grading, label: str) -> Verdicts:
    """Answer each call late; the deadline is kept nevertheless."""
    grading.account.delay_s = DELAY_S
    verdicts = grading.under(f"slow: {DELAY_S:g} s a call", label)
    if verdicts.seconds > 2 * TIMEOUT_S:
        verdicts.alarms.append("deadline")
    return verdicts


def unique(refusals: Iterable[Refusal]) -> list[Refusal]:
    return list({one.what: one for one in refusals}.values())


def hostile(bench: Bench, label: str, account: str) -> list[Verdicts]:
    """Build one of the labs, and grade it in each hostile account."""
    entry, _ = bench.built(label, account)
    with hostile_account() as met:
        grading = Grading(entry, met)
        return [
            *(refused(grading, label, THROTTLED, one) for one in throttles(grading)),
            *(refused(grading, label, DENIED, one) for one in unique(denials(grading))),
            *expired(grading, label),
            slow(grading, label),
        ]
