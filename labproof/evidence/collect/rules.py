"""EventBridge rules that invoke a function."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import (
    Reader,
    call,
    document,
    items,
    nothing,
    paged,
    together,
)

MOST_RULES = 20


def rules(function_arn: str) -> Reader:
    """Read the default bus's rules that have a function, or an alias of it, as their target.

    One that cannot be read is an error in its place.
    """
    (pages,) = yield [paged("events", "list_rule_names_by_target", 1, TargetArn=function_arn)]
    names = items(pages, "RuleNames")
    if is_error(names):
        return names
    found = yield from together({name: _rule(name) for name in names[:MOST_RULES]})
    return [rule for rule in found.values() if rule is not None]


def _rule(name: str) -> Reader:
    rule, targets = yield [
        call("events", "describe_rule", Name=name),
        paged("events", "list_targets_by_rule", 1, Rule=name),
    ]
    if nothing(rule):
        return rule
    found = items(targets, "Targets")
    return {
        "name": rule["Name"],
        "arn": rule["Arn"],
        "state": rule["State"],
        "bus": rule.get("EventBusName", "default"),
        "pattern": document(rule.get("EventPattern"), "describe_rule"),
        "targets": found if is_error(found) else [_target(target) for target in found],
    }


def _target(target: dict[str, Any]) -> dict[str, Any]:
    """Say where a rule sends events, and whether it sends something else in their place."""
    replaced = [name for name in ("Input", "InputPath", "InputTransformer") if name in target]
    return {"id": target["Id"], "arn": target["Arn"], "replaced_by": replaced}
