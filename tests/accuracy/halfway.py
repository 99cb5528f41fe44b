"""Labs built half-way: after each step of the learner's order, the verdicts that it must earn."""

from __future__ import annotations

from tests.support.grading import grade
from tests.support.labs import FEW_RECORDS, Bench
from tests.support.learner import STEPS

from .verdicts import Verdicts, compare

ROLE = {"role.exists", "role.trusts-lambda", "role.can-write-logs", "role.can-read-source"}
FUNCTION = {"function.exists", "function.runtime", "function.uses-role", "function.deployed"}
TABLE = {"table.exists", "table.key", "table.active"}
WORKS = {
    *("trigger.permission", "trigger.configured", "transfer.invoked"),
    *("logs.group", "logs.no-errors", "logs.metrics"),
}
# What each step earns, in the order of the steps; the first entry is what needs no step.
EARNED: dict[str, dict[str, set[str]]] = {
    "xfusion": {
        "": {"client.files"},
        "source bucket": {
            *("source-bucket.exists", "source-bucket.public-access", "source-bucket.policy"),
            "source-bucket.anonymous-read",
        },
        "destination bucket": {
            *("destination-bucket.exists", "destination-bucket.private"),
            "destination-bucket.anonymous-denied",
        },
        "role": ROLE | {"role.can-write-destination", "role.can-write-table", "role.policies"},
        "function": FUNCTION,
        "table": TABLE,
        "trigger": WORKS | {"transfer.copied", "transfer.audited", "transfer.hard-keys"},
        "sample": {"client.upload"},
    },
    "event-copy": {
        "": set(),
        "source bucket": {"source-bucket.exists", "source-bucket.private"},
        "destination bucket": {"destination-bucket.exists", "destination-bucket.private"},
        "role": ROLE | {"role.can-write-destination", "role.least-privilege"},
        "function": FUNCTION,
        "trigger": {
            *WORKS,
            *("transfer.copied", "transfer.hard-keys", "transfer.listed", "transfer.metadata"),
        },
    },
    "file-metadata": {
        "": set(),
        "source bucket": {"source-bucket.exists"},
        "role": ROLE | {"role.can-write-table", "role.least-privilege"},
        "function": FUNCTION,
        "table": TABLE | {"table.on-demand"},
        "trigger": WORKS | {"metadata.item", "metadata.multipart", "metadata.table-metrics"},
    },
    "secure-ingestion": {
        "": set(),
        "key": {"key.exists", "key.rotates"},
        "source bucket": {
            *("source-bucket.exists", "source-bucket.private", "source-bucket.versioned"),
            *("source-bucket.encrypted", "source-bucket.https-only"),
        },
        "role": {
            *ROLE,
            *("role.can-write-table", "role.can-decrypt", "role.least-privilege", "key.policy"),
        },
        "function": FUNCTION | {"function.environment", "account.no-keys"},
        "table": TABLE | {"table.on-demand", "table.encrypted", "table.recoverable"},
        "trigger": WORKS | {"ingest.records", "ingest.rejects", "ingest.bulk"},
        "trail": {
            *("trail.multi-region", "trail.management-events", "trail.data-events"),
            *("trail.validated", "trail.logging", "trail.recorded"),
        },
    },
}
# What a learner is told to do where a step is missing; the rest waits for it. A step that stands
# on another one is not asked for before that one is done.
ASKED_FOR = {
    "key": {"key.exists"},
    "source bucket": {"source-bucket.exists"},
    "destination bucket": {"destination-bucket.exists"},
    "role": {"role.exists"},
    "function": {"function.exists"},
    "table": {"table.exists"},
    "trigger": {"trigger.permission", "trigger.configured"},
    "trail": {"trail.multi-region"},
    "sample": {"client.upload"},
}
STANDS_ON = {"trigger": "function", "sample": "source bucket"}


def halfway(bench: Bench, label: str, account: str) -> list[Verdicts]:
    """Grade a lab after each of its steps."""
    entry, _ = bench.built(label, account, {})
    earned: set[str] = set()
    found = []
    for step, earns in EARNED[label].items():
        if step:
            STEPS[step](entry.lab, entry.connection)
        earned |= earns
        verdicts = compare(
            f"after the {step}" if step else "nothing built",
            label,
            grade(entry, records=FEW_RECORDS),
            asked_for(label, step),
            set(entry.lab.requirements) - earned,
        )
        too_early = {i for i, s in verdicts.statuses.items() if s == "passed"} - earned
        verdicts.misses = sorted({*verdicts.misses, *too_early})
        found.append(verdicts)
    return found


def asked_for(label: str, last: str) -> set[str]:
    """Return what must fail when all steps up to one are done."""
    steps = list(EARNED[label])
    done = steps[: steps.index(last) + 1]
    ready = [s for s in steps if s and s not in done and STANDS_ON.get(s, "") in done]
    return {i for step in ready for i in ASKED_FOR[step]}
