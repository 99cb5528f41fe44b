"""What faults are made of: settings of a lab, steps that each give one another value, changes.

A setting is read as plain JSON data, and written back exactly as it was read. It has a name and an
``of``: whose setting it is (a bucket's name, a field). None stands for what is not there; writing
None removes it. A fault writes another value, its undo the old one.

A change is a generator: it may read the lab, and each step is taken before it goes on. Its
arguments come from the catalogue, the lab's names filled in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from labproof.aws.errors import is_absent
from labproof.faults.place import Place

Read = Callable[[Place, str], Any]
Write = Callable[[Place, str, Any], None]


class Setting(NamedTuple):
    read: Read
    write: Write


class Step(NamedTuple):
    """One setting that gets another value."""

    setting: str
    of: str
    value: Any


Change = Callable[..., Iterator[Step]]


def named(*changes: Callable[..., Any]) -> dict[str, Change]:
    """Return changes by the names that the catalogue has for them."""
    return {change.__name__.replace("_", "-"): change for change in changes}


def sets(setting: str, of: Callable[[Place], str], value: Any) -> Change:
    """Return the change that gives a setting this value, whatever it was."""

    def change(place: Place) -> Iterator[Step]:
        yield Step(setting, of(place), value)

    return change


def stored(
    service: str,
    of: str,
    what: str,
    field: str,
    inner: str = "",
    text: bool = False,
    none: Any = None,
) -> Setting:
    """Return the setting that the operations ``get_``, ``put_`` and ``delete_`` of ``what`` keep.

    It stands in ``field`` of a request, under ``inner`` where there is one, and as JSON with
    ``text``. ``none`` is what is put for None where nothing can be deleted.
    """

    def ask(place: Place, verb: str, name: str, **request: Any) -> Any:
        return getattr(place.aws(service), f"{verb}_{what}")(**{of: name}, **request)

    def read(place: Place, name: str) -> Any:
        answer = found(lambda: ask(place, "get", name)) or {}
        value = answer.get(inner or field)
        return json.loads(value) if text and value else value

    def write(place: Place, name: str, value: Any) -> None:
        given = none if value is None else value
        if given is None:
            ask(place, "delete", name)
            return
        given = json.dumps(given) if text else given
        ask(place, "put", name, **{field: {inner: given} if inner else given})

    return Setting(read, write)


def whole(
    read: Read, make: Write, remove: Callable[[Place, str], Any], **parts: Setting
) -> Setting:
    """Return the setting of a thing as a whole, which each writing makes anew.

    ``read`` and ``make`` are of what it is made with; its ``parts`` are written one after the other
    once it is there.
    """

    def read_all(place: Place, name: str) -> Any:
        first = found(lambda: read(place, name))
        if first is None:
            return None
        return {**first, **{part: one.read(place, name) for part, one in parts.items()}}

    def write_all(place: Place, name: str, wanted: Any) -> None:
        found(lambda: remove(place, name))
        if wanted is None:
            return
        make(place, name, wanted)
        for part, one in parts.items():
            if (value := wanted.get(part)) is not None and value is not False:
                one.write(place, name, value)

    return Setting(read_all, write_all)


def found(ask: Callable[[], Any]) -> Any:
    """Return an answer, None where the thing asked for, or to be removed, is not there."""
    try:
        return ask()
    except ClientError as error:
        if not is_absent(error):
            raise
        return None


def mistyped(name: str) -> str:
    """Return a name whose first character is wrong; the last ones often tell a class apart."""
    return ("y" if name.startswith("x") else "x") + name[1:]


def as_text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def as_bytes(text: str) -> bytes:
    return base64.b64decode(text)
