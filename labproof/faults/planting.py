"""Plant a fault into a working lab, and mend it: every setting gets back what it had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labproof.faults.catalogue import Fault
from labproof.faults.parts import CHANGES, setting
from labproof.faults.place import Place
from labproof.faults.stillness import wait_until_still

# What a setting was before: {"setting", "of", "was"}, in the order in which they were changed.
Before = dict[str, Any]
Keep = Callable[[list[Before]], None]


def plant(fault: Fault, place: Place, keep: Keep = lambda _: None) -> list[Before]:
    """Make a fault's changes, and return what is needed to undo them, as plain JSON data.

    ``keep`` is called with that before each step, so that nothing is lost when this process ends.
    A fault that cannot be planted as a whole is undone again.
    """
    before: list[Before] = []
    wait_until_still(place)
    try:
        for name, arguments in fault.changes:
            for step in CHANGES[name](place, **place.filled(arguments)):
                read, write = setting(step.setting)
                was = read(place, step.of)
                before.append({"setting": step.setting, "of": step.of, "was": was})
                keep(before)
                write(place, step.of, step.value)
    except Exception:
        mend(before, place)
        keep([])
        raise
    return before


def mend(before: list[Before], place: Place) -> None:
    """Give every setting back what it had, the last one first."""
    wait_until_still(place)
    for one in reversed(before):
        setting(one["setting"]).write(place, one["of"], one["was"])
