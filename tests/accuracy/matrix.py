"""Plant each fault into working labs that it fits, grade, compare with the catalogue."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from labproof.evidence.taking import InventoryLab
from labproof.evidence.uploads import samples
from labproof.faults import Before, Fault, Place, mend, plant
from labproof.faults.parts import setting
from labproof.labs.lab import Lab
from tests.support.grading import TIMEOUT_S, grade
from tests.support.labs import FEW_RECORDS, Bench

from .running import LONGEST_TRACE, Job
from .verdicts import WHOLE, Verdicts, compare

# How many labs share the faults of their kind, so that all kinds are done at about the same time.
COPIES = {
    "xfusion": 1,
    "devops": 1,
    "event-copy": 2,
    "file-metadata": 2,
    "file-metadata-extended": 1,  # more of them would share the name of a bucket
    "secure-ingestion": 5,
}
# How many faults shall fail each id in each kind of lab, where there are as many
OFTEN = 2
# What no log shows may be running, and be tried again: nobody can tell when it is done.
UNSEEN_S = 2.0


def one(fault: Fault, label: str, entry: InventoryLab, place: Place) -> Verdicts:
    """Plant a fault, grade, mend; what goes wrong with that is a false alarm, too."""
    began = time.monotonic()
    verdicts = Verdicts(fault.name, label)
    try:
        before = plant(fault, place)
        try:
            verdicts = compare(
                fault.name,
                label,
                grade(entry, fault.seconds or TIMEOUT_S, records(fault)),
                fault.fails,
                fault.blocked,
            )
        finally:
            if "logs.group" in fault.fails:
                time.sleep(UNSEEN_S)
            mend(before, place)
        left = ", ".join(unmended(before, place))
    except Exception:
        left = traceback.format_exc()[-LONGEST_TRACE:]
    if left:
        verdicts.alarms.append("mending")
        verdicts.found["mending"] = left
    verdicts.seconds = time.monotonic() - began
    return verdicts


def records(fault: Fault) -> int:
    """Return how many records a large file has: few where they have nothing to do with a fault."""
    return samples.BULK if fault.area == "code-ingest" else FEW_RECORDS


def unmended(before: list[Before], place: Place) -> list[str]:
    """Return the settings that are not what they were."""
    first = {(b["setting"], b["of"]): b["was"] for b in reversed(before)}
    if any(name == "spare_key" for name, _ in first):  # which is deleted, enabled or not
        first = {k: was for k, was in first.items() if k[0] != "key_state"}
    return [
        f"{name} of {of}"
        for (name, of), was in first.items()
        if setting(name).read(place, of) != was
    ]


def chain(bench: Bench, label: str, account: str, faults: list[Fault]) -> list[Verdicts]:
    """Plant faults into one lab, one after the other; before and after all of them it is whole."""
    entry, place = bench.built(label, account)
    return [
        compare(WHOLE, label, grade(entry)),
        *(one(fault, label, entry, place) for fault in faults),
        compare(WHOLE, label, grade(entry)),
    ]


def shares(labs: list[Lab], plan: Mapping[str, list[Fault]]) -> list[list[Fault]]:
    """Share out the faults of each kind: each to that of its labs which has the fewest.

    What is not about a switch goes to a lab without any.
    """
    found: list[list[Fault]] = [[] for _ in labs]
    for kind, faults in plan.items():
        for fault in faults:
            fitting = [n for n, lab in enumerate(labs) if lab.kind == kind and fault.fits(lab)]
            plainest = min(len(labs[n].requirements) for n in fitting)
            among = [n for n in fitting if len(labs[n].requirements) == plainest]
            found[min(among, key=lambda n: len(found[n]))].append(fault)
    return found


def planned(labs: list[Lab], faults: Collection[Fault], often: int) -> dict[str, list[Fault]]:
    """Return for each kind of lab the faults to plant, so that each fault is in one kind at least.

    It is in more where an id of another kind would else be failed less ``often`` than it could be.
    """
    plan: dict[str, list[Fault]] = {lab.kind: [] for lab in labs}
    hits: Counter[tuple[str, str]] = Counter()
    fitting = {fault.name: failing(fault, labs) for fault in faults}
    for fault in sorted(faults, key=lambda fault: len(fitting[fault.name])):
        ids = fitting[fault.name]
        rare = [kind for kind in ids if any(hits[kind, name] < often for name in ids[kind])]
        for kind in rare or sorted(ids, key=lambda kind: len(plan[kind]))[:1]:
            plan[kind].append(fault)
            hits.update((kind, name) for name in ids[kind])
    order = list(fitting)
    return {kind: sorted(those, key=lambda f: order.index(f.name)) for kind, those in plan.items()}


def failing(fault: Fault, labs: list[Lab]) -> dict[str, frozenset[str]]:
    """Return what a fault fails in each kind of lab that it fits."""
    found: dict[str, frozenset[str]] = {}
    for lab in labs:
        if fault.fits(lab):
            ids = fault.fails & set(lab.requirements)
            found[lab.kind] = found.get(lab.kind, frozenset()) | ids
    return found


def jobs(
    bench: Bench, accounts: Iterator[str], faults: Collection[Fault], often: int = OFTEN
) -> list[Job]:
    """Return a job for each lab into which some of the faults go."""
    labels = [label for label, most in COPIES.items() for _ in range(most)]
    work = list(zip(labels, accounts, strict=False))
    labs = [bench.enrol(label, account).lab for label, account in work]
    plan = planned(labs, faults, often)
    return [
        Job("faults", label, chain, (bench, label, account, share))
        for (label, account), share in zip(work, shares(labs, plan), strict=True)
        if share
    ]
