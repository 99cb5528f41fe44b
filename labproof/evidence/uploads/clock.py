"""The time, and the pauses between one look and the next."""

from __future__ import annotations

import time
from collections.abc import Iterator

FIRST_PAUSE_S = 0.05
PAUSE_SHARE = 0.15
LONGEST_PAUSE_S = 2.0


def moments(timeout: float) -> Iterator[float]:
    """Yield the seconds waited so far, and once more at the end.

    Each pause is a share of the time waited, so that nobody learns much too late what is there.
    """
    start = time.monotonic()
    while (waited := time.monotonic() - start) < timeout:
        yield waited
        pause = min(max(FIRST_PAUSE_S, waited * PAUSE_SHARE), LONGEST_PAUSE_S)
        time.sleep(min(pause, max(0.0, timeout - waited)))
    yield waited


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
