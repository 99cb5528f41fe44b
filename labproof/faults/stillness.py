"""Wait until a function is still: nothing runs, and no failed event is to be tried again.

The emulator runs a late retry with the code that the function had when its event came, in a
process that then serves later events, too.
"""

from __future__ import annotations

import time

from labproof.aws.answers import is_error
from labproof.evidence.uploads.clock import moments, now_ms
from labproof.evidence.uploads.invocations import read_invocations
from labproof.faults.place import Place

FIRST_S = 0.3  # until an event has reached the function
LONGEST_S = 30.0
LOOK_BACK_MS = 60_000


def wait_until_still(place: Place) -> None:
    """Wait for an emulator's function; AWS needs no such thing."""
    if not place.connection.endpoint_url:
        return
    time.sleep(FIRST_S)
    for _ in moments(LONGEST_S):
        if is_still(place):
            return


def is_still(place: Place) -> bool:
    found = read_invocations(place.connection, place.lab.function.name, now_ms() - LOOK_BACK_MS)
    if is_error(found) or not found:
        return True
    begun = [attempt for attempt in found if attempt.request_id]
    recent = now_ms() - place.retry_ms
    return not any(a.ended_ms is None or (a.raised and a.ended_ms > recent) for a in begun)
