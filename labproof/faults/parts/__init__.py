"""The parts of a lab: how each one's settings are read and written, and the changes of them."""

from __future__ import annotations

from labproof.faults.errors import FaultError
from labproof.faults.parts import (
    bucket,
    client,
    function,
    key,
    log_group,
    other_function,
    permission,
    role,
    table,
    topic,
    trail,
    trigger,
    user,
    whole_bucket,
)
from labproof.faults.setting import Change, Setting

PARTS = (
    *(bucket, client, function, key, log_group, other_function, permission, role, table, topic),
    *(trail, trigger, user, whole_bucket),
)
SETTINGS: dict[str, Setting] = {n: s for part in PARTS for n, s in part.SETTINGS.items()}
CHANGES: dict[str, Change] = {n: c for part in PARTS for n, c in part.CHANGES.items()}


def setting(name: str) -> Setting:
    """Return a setting by name. Raises FaultError for one that another version may have known."""
    if name not in SETTINGS:
        raise FaultError(
            f"{name!r} is no setting that a fault can change: use the version that did."
        )
    return SETTINGS[name]
