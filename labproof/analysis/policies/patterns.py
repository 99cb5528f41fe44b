"""What a pattern with ``*`` and ``?`` takes in, of one text or of all that another pattern means.

A *scope* is a text, or a pattern for everything it takes in: ``arn:aws:s3:::bucket/?*`` is every
object of a bucket.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from labproof.analysis.policies.logic import Verdict

WILDCARDS = re.compile(r"[*?]+")
LONGEST = 2048  # no ARN, action or name of AWS's is longer; keeps hostile input cheap
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
VARIABLE = re.compile(r"\$\{([^${}]{0,300}|[$*?])\}")
DEFAULTED = re.compile(r"\s*([^,]*?)\s*,\s*'([^']*)'\s*")
LITERAL = {"*": "\ue000", "?": "\ue001", "$": "$"}  # stand-ins that no wildcard reading sees
NOTHING = "\ue002"


def takes_in(pattern: str, scope: str) -> Verdict:
    """Tell whether a pattern takes in all of a scope; None for a part of it."""
    if includes(pattern, scope):
        return True
    return None if overlaps(pattern, scope) else False


def includes(pattern: str, scope: str) -> bool:
    """Tell whether a pattern takes in everything that a scope does."""
    if pattern in ("*", scope):
        return True
    return _least(pattern) <= len(scope) <= LONGEST and _fits(_ordered(pattern), _ordered(scope))


def overlaps(pattern: str, scope: str) -> bool:
    """Tell whether something may be taken in by both; never wrongly no."""
    if not WILDCARDS.search(scope):
        return includes(pattern, scope)
    if not WILDCARDS.search(pattern):
        return includes(scope, pattern)
    # Where both are open in the middle, only their beginnings and ends can contradict each other.
    (begin, end), (start, close) = _ends(pattern), _ends(scope)
    begins = begin.startswith(start) or start.startswith(begin)
    ends = end.endswith(close) or close.endswith(end)
    return begins and ends and _least(pattern) <= LONGEST


def expand(pattern: str, context: Mapping[str, Any]) -> tuple[str, bool]:
    """Return a pattern with its policy variables filled in, and whether all of them are known."""
    known = True

    def value(found: re.Match[str]) -> str:
        nonlocal known
        name = found.group(1)
        if name in LITERAL:
            return LITERAL[name]
        given = DEFAULTED.fullmatch(name)
        key, default = given.groups() if given else (name.strip(), None)
        if key.lower() not in context:
            known = False
            return "*"
        filled = context[key.lower()]
        text = default if filled is None else filled
        return literal(text) if isinstance(text, str) else NOTHING

    return (VARIABLE.sub(value, pattern), known) if "${" in pattern else (pattern, True)


def literal(text: str) -> str:
    """Return a text in which ``*`` and ``?`` stand for themselves."""
    return text.replace("*", LITERAL["*"]).replace("?", LITERAL["?"])


def _least(pattern: str) -> int:
    """Return the length of the shortest text that a pattern takes in."""
    return len(pattern) - pattern.count("*")


def _ends(pattern: str) -> tuple[str, str]:
    """Return what a pattern spells out before its first and after its last wildcard."""
    first = min(i for i in (pattern.find("*"), pattern.find("?")) if i >= 0)
    return pattern[:first], pattern[max(pattern.rfind("*"), pattern.rfind("?")) + 1 :]


def _ordered(pattern: str) -> str:
    """Write each run of wildcards in one way: ``*?*`` and ``?*`` take in the same."""
    return WILDCARDS.sub(_run, pattern) if WILDCARDS.search(pattern) else pattern


def _run(found: re.Match[str]) -> str:
    return "?" * found.group().count("?") + ("*" if "*" in found.group() else "")


def _fits(pattern: str, text: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    # One character of the pattern must not pass for a whole run (``*``) of the scope.
    first, *rest = [
        "".join("[^*]" if c == "?" else re.escape(c) for c in part) for part in pattern.split("*")
    ]
    # Atomic groups: what lies between two stars is best found early, so no way is tried twice.
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(first + middle + "".join(f".*{part}" for part in rest[-1:]), re.S)
