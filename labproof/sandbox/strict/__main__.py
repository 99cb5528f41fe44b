"""``python -m labproof.sandbox.strict``: the table of what the sandbox refuses, for docs/."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from labproof.sandbox.strict.rules import ANSWER_RULES, RULES

HEADING = "| request | what of it is refused | by AWS's page |\n|---|---|---|"


def table() -> str:
    """Return a row for each rule, with the requests that it looks at."""
    found: dict[Callable[..., Any], list[str]] = {}
    for rules in (RULES, ANSWER_RULES):
        for action, those in rules.items():
            for rule in those:
                found.setdefault(rule, []).append(action)
    return "\n".join([HEADING, *(row(rule, actions) for rule, actions in found.items())])


def row(rule: Callable[..., Any], actions: list[str]) -> str:
    text = inspect.getdoc(rule) or ""
    (page,) = re.findall(r"https://\S+", text)
    name = page.rpartition("/")[2].removesuffix(".html")
    requests = ", ".join(f"`{action}`" for action in actions)
    return f"| {requests} | {text.splitlines()[0]} | [{name}]({page}) |"


if __name__ == "__main__":
    print(table())
