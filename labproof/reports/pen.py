"""Writing on a terminal: its width, its colours, and nothing that it would obey."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from labproof.analysis.text import one_line
from labproof.reports.view import Lab, is_complete

COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
YES = ("1", "true", "yes", "on", "y", "t")
BAR = 10
MOST_IDS = 6
LONGEST_TEXT = 300
MARGIN = "  "
Lines = Iterator[str]


def wants_colour(stream: TextIO, environment: dict[str, str] | None = None) -> bool:
    """Tell whether a stream is to be coloured: Ansible's own variables decide, then a terminal."""
    env = dict(os.environ) if environment is None else environment
    if env.get("ANSIBLE_FORCE_COLOR", "").lower() in YES:
        return True
    if env.get("NO_COLOR") or env.get("ANSIBLE_NOCOLOR", "").lower() in YES:
        return False
    return stream.isatty()


@dataclass(frozen=True)
class Pen:
    """Writes lines of at most so many columns; commands alone may be longer, to be copied."""

    columns: int = 100
    colour: bool = False

    def paint(self, colour: str, text: str) -> str:
        """Return a text in a colour. It is plain already: nothing else may be painted."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.colour else text

    def wrapped(
        self, label: str, told: str, longest: int = LONGEST_TEXT, margin: str = MARGIN
    ) -> Lines:
        """Wrap a text behind its label; an empty text gives no line."""
        begin = margin + label
        if text := one_line(told, longest):
            yield from textwrap.wrap(
                text,
                max(self.columns, len(begin) + 20),
                initial_indent=begin,
                subsequent_indent=" " * len(begin),
                break_on_hyphens=False,
            )

    def bar(self, colour: str, points: int, of: int) -> str:
        """Draw points as a bar; it is full where nothing can be earned."""
        filled = points * BAR // of if of else BAR
        return self.paint(colour, "█" * filled + "·" * (BAR - filled))


def mood(lab: Lab) -> str:
    """Return the colour of a lab's score."""
    if is_complete(lab):
        return "green"
    return "red" if lab["score"] * 2 < lab["max_score"] else "yellow"


def ids(names: Sequence[str]) -> str:
    """Name some ids, and count the others."""
    shown = ", ".join(one_line(name, 80) for name in names[:MOST_IDS])
    more = len(names) - MOST_IDS
    return f"{shown} and {more} more" if more > 0 else shown


def minute(time: str) -> str:
    """Return a time of a document for people, in UTC."""
    return f"{one_line(time)[:16].replace('T', ' ')} UTC"
