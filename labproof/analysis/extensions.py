"""What the extensions of file-metadata must show of fresh uploads: a clause for each problem."""

from __future__ import annotations

from typing import Any

from labproof.analysis.items import moment
from labproof.aws.answers import is_error
from labproof.labs.lab import Lab

READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


def listing_problems(found: Any, keys: list[str]) -> list[str]:
    """Compare what the index lists with the keys of fresh uploads (``metadata.index``)."""
    if found is None or is_error(found):
        return [f"expected a list from the index, found {found and found['error']['message']}"]
    missing = sorted(set(keys) - {entry["key"] for entry in found})
    times = [moment(str(entry["time"])) for entry in found if entry["key"] in keys]
    said = [f"expected {key!r} in the index's list, found it missing" for key in missing]
    if None in times or times != sorted(times, key=lambda t: t or 0):
        said.append("expected the list in the order of the upload times, found another order")
    return said


def message_problems(messages: dict[str, int]) -> list[str]:
    """Say which of the fresh uploads nobody was told of (``metadata.notified``).

    ``messages`` counts the messages about each upload, by its key. Topics deliver at least once, so
    one too many is no problem.
    """
    return [f"expected a message about {key!r}, found none" for key, n in messages.items() if not n]


def double_problems(items: dict[str, Any]) -> list[str]:
    """Say which bucket's object has no item of its own (``metadata.multi-bucket``).

    ``items`` maps each bucket to the item of the one key that was uploaded to all of them.
    """
    return [
        f"expected an item for the same key in {bucket}, found none or another bucket's"
        for bucket, item in items.items()
        if item is None
    ]


def stack_problems(lab: Lab, stack: Any) -> list[str]:
    """Say what keeps a lab from being the work of its stack (``metadata.template``)."""
    if stack is None or is_error(stack):
        found = stack["error"]["message"] if stack else "none"
        return [f"expected the stack {lab.stack.name}, found {found}"]
    said = []
    if stack["status"] not in READY:
        said.append(f"expected {lab.stack.name} to be CREATE_COMPLETE, found {stack['status']}")
    resources = {} if is_error(stack["resources"]) else stack["resources"]
    made = {name for names in resources.values() for name in names}
    wanted = filter(None, (*lab.source.buckets, lab.table.name, lab.role.name, lab.function.name))
    missing = [name for name in wanted if name not in made]
    if missing:
        said.append(f"expected {', '.join(missing)} among the stack's resources, found others")
    return said


def extension_problems(lab: Lab, keys: list[str], seen: dict[str, Any]) -> dict[str, list[str]]:
    """Return the problems of each extension in use.

    ``keys`` are those of fresh uploads, ``seen`` is what the extensions showed of them
    (labproof/evidence/uploads/extensions.py).
    """
    found: dict[str, list[str]] = {}
    if lab.table.index:
        found["index"] = listing_problems(seen["listed"], keys)
    if lab.topic:
        found["notified"] = message_problems(dict.fromkeys(keys, 0) | seen["messages"])
    if lab.source.more_buckets:
        found["multi-bucket"] = double_problems(seen["doubles"])
    if lab.stack:
        found["template"] = stack_problems(lab, seen["stack"])
    return found
