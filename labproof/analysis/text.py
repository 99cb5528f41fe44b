"""Text of strangers made harmless: what comes from a lab may hold anything at all."""

from __future__ import annotations

import re

# Controls, invisible characters and those that reorder a line (Unicode's classes Cc and Cf without
# the joiners that scripts need), line and paragraph separators, and what no text may hold.
PARTS = (
    *("\x00-\x08\x0b-\x1f\x7f-\x9f", "\xad\u061c\u180e\u200b\u200e\u200f"),
    *("\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb", "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"),
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff",
    *(f"{chr(0x10000 * plane + 0xFFFE)}{chr(0x10000 * plane + 0xFFFF)}" for plane in range(1, 17)),
)
HARMFUL = re.compile(f"[{''.join(PARTS)}]")


def plain(text: object) -> str:
    """Return text without control and bidirectional characters: they become visible escapes.

    New lines and tabs stay. The result is allowed in XML, and a terminal obeys nothing in it.
    """
    return HARMFUL.sub(_escape, str(text).replace("\r\n", "\n"))


def one_line(text: object, longest: int = 0) -> str:
    """Return plain text in one line, cut to so many characters where a number is given."""
    line = " ".join(plain(text).split())
    return line if not longest or len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
