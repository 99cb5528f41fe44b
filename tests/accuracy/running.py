"""Do the parts of the proof side by side, and tell how far it is."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from .verdicts import Verdicts, is_right

WORKERS = 12
LONGEST_TRACE = 1000


@dataclass(frozen=True)
class Job:
    """A piece of work in an account of its own; ``work`` has to be picklable, and its arguments."""

    part: str
    what: str
    work: Callable[..., list[Verdicts]]
    arguments: tuple[Any, ...]


def run(jobs: Iterable[Job], workers: int = WORKERS) -> dict[str, list[Verdicts]]:
    """Do all jobs, the first ones first; return what each part came to, in the jobs' order."""
    began = time.monotonic()
    found: dict[str, list[Verdicts]] = {}
    with ProcessPoolExecutor(max_workers=workers) as pool:
        waiting = {pool.submit(job.work, *job.arguments): job for job in jobs}
        done = {future: ended(future, waiting[future], began) for future in as_completed(waiting)}
    for future, job in waiting.items():
        found.setdefault(job.part, []).extend(done[future])
    return found


def ended(future: Future[list[Verdicts]], job: Job, began: float) -> list[Verdicts]:
    """Return what a job came to; one that breaks is a false alarm."""
    try:
        found = future.result()
    except Exception:
        broken = traceback.format_exc()[-LONGEST_TRACE:]
        found = [Verdicts("(broken)", job.what, alarms=["broken"], found={"broken": broken})]
    wrong = sum(not is_right(one) for one in found)
    told = f"{len(found)} graded, {wrong} wrong"
    passed = time.monotonic() - began
    print(f"{passed:4.0f} s  {job.part:<8}  {job.what}: {told}", file=sys.stderr, flush=True)
    return found
