"""Settings of a lab: each can be read as plain JSON, and written back exactly as it was read.

A setting has a name and an ``of``: whose setting it is (a bucket's name, a field). None stands for
what is not there; writing None removes it. A fault writes another value, its undo the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import (
    buckets,
    client,
    functions,
    identities,
    invoking,
    keys,
    logs,
    roles,
    tables,
    topics,
    trails,
    whole_buckets,
)

Read = Callable[[Place, str], Any]
Write = Callable[[Place, str, Any], None]


class Setting(NamedTuple):
    read: Read
    write: Write


SETTINGS: dict[str, Setting] = {
    name: Setting(*pair)
    for area in (
        buckets,
        whole_buckets,
        roles,
        functions,
        identities,
        invoking,
        tables,
        topics,
        keys,
        logs,
        trails,
        client,
    )
    for name, pair in area.SETTINGS.items()
}


def setting(name: str) -> Setting:
    """Return a setting by name. Raises FaultError for one that another version may have known."""
    if name not in SETTINGS:
        raise FaultError(
            f"{name!r} is no setting that a fault can change: use the version that did."
        )
    return SETTINGS[name]
