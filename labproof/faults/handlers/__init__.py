"""Plain handlers, one for each flow, that faults are made of by editing.

Each works by itself, with the rights of the lab's sheet alone, whatever the learner's own code
looks like; faults never depend on that.
"""

from __future__ import annotations

import re
from pathlib import Path

from labproof.faults.errors import FaultError
from labproof.labs.lab import Lab

FOLDER = Path(__file__).parent
EVENTS = "from labproof.faults.handlers.events import uploads\n"
NAME = re.compile(r'"\$(\w+)"')


def plain(flow: str) -> str:
    """Return a flow's handler as one text, the lab's names not filled in."""
    text = (FOLDER / f"{flow}.py").read_text("utf-8")
    return text.replace(EVENTS, (FOLDER / "events.py").read_text("utf-8"))


def handler_source(lab: Lab, handler: str, edits: dict[str, str]) -> dict[str, str]:
    """Return the files of a package for a lab: ``{path: text}``, under the handler's own name.

    Raises FaultError for an edit whose text is not there.
    """
    source = edited(plain(lab.flow), edits)
    source = NAME.sub(lambda name: repr(lab.names()[name[1]]), source)
    module, _, function = handler.rpartition(".")
    if function != "lambda_handler":
        source += f"\n\n{function} = lambda_handler\n"
    return {f"{module.replace('.', '/')}.py": source}


def edited(source: str, edits: dict[str, str]) -> str:
    for old, new in edits.items():
        if old not in source:
            raise FaultError(f"The handler has no text {old!r} to be replaced.")
        source = source.replace(old, new)
    return source
