"""The rules by the IAM action of the requests that they look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labproof.sandbox.strict.request import Request
from labproof.sandbox.strict.rules import functions, notifications, objects, policies, trails

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

Rule = Callable[["Request", "Emulator"], None]
AnswerRule = Callable[["Request", "Emulator", dict[str, str]], None]
RULES: dict[str, list[Rule]] = {}
for area in (functions, notifications, objects, policies, trails):
    for action, rules in area.RULES.items():
        RULES.setdefault(action, []).extend(rules)
ANSWER_RULES: dict[str, list[AnswerRule]] = {**objects.ANSWER_RULES}
COMPLETIONS: dict[str, list[AnswerRule]] = {**trails.COMPLETIONS}
# What is looked at without its body: an object's may be any size.
WITHOUT_BODY = frozenset(objects.RULES)
