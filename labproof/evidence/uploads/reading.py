"""Ask AWS so that unknown never looks like absent, and pause between one look and the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from labproof.aws.answers import error_of
from labproof.aws.errors import error_code, is_absent

FIRST_PAUSE_S = 0.05
PAUSE_SHARE = 0.15
LONGEST_PAUSE_S = 2.0


def asked(call: str, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, None where AWS says that there is nothing, or an error.

    The error names the operation that AWS refused, be it another one than ``call``.
    """
    try:
        return work()
    except ClientError as error:
        if is_absent(error):
            return None
        message = error.response.get("Error", {}).get("Message", "")
        return error_of(xform_name(error.operation_name), error_code(error), str(message))
    except (BotoCoreError, OSError) as error:
        return error_of(call, type(error).__name__, str(error))


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
