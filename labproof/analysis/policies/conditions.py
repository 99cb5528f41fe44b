"""Whether a Condition is met, as far as the request itself tells.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html

A context maps condition keys, in lower case, to a text, a list of texts, a tuple of texts of which
one holds, or None for a key that the request surely lacks. A key that is not in it at all is
unknown, and so is what rests on it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from labproof.analysis.policies.logic import Verdict, agreed, all_of, any_of, as_list, negate
from labproof.analysis.policies.patterns import expand, includes, literal

Context = Mapping[str, str | list[str] | tuple[str, ...] | None]
Comparison = Callable[[str, str], Verdict]
SETS = ("forallvalues:", "foranyvalue:")
# Their documented operators are Bool and Null; what others make of them is not.
BOOLEAN_KEYS = {
    "aws:securetransport",
    "aws:multifactorauthpresent",
    "aws:viaawsservice",
    "aws:principalisawsservice",
    "kms:grantisforawsresource",
}


def is_met(condition: Any, context: Context, variables: bool = True) -> Verdict:
    """Tell whether a statement's Condition is met; None where the context does not say."""
    if condition is None or condition == {}:
        return True
    if not isinstance(condition, dict):
        return None
    return all_of(_block(str(op), block, context, variables) for op, block in condition.items())


def limits(condition: Any, key: str) -> list[list[str]]:
    """Return the lists of values that a condition limits a key to, one for each such test.

    Only tests that fail without the key limit it: no IfExists, no ForAllValues, no negation.
    """
    blocks = condition.items() if isinstance(condition, dict) else ()
    return [
        [written(v) for v in as_list(values)]
        for name, block in blocks
        if str(name).lower().removeprefix(SETS[1]) in LIMITING and isinstance(block, dict)
        for found, values in block.items()
        if str(found).lower() == key.lower()
    ]


def is_operator(name: str) -> bool:
    """Tell whether AWS has a condition operator, with a set's quantifier or IfExists."""
    plain = name.lower()
    for quantifier in SETS:
        plain = plain.removeprefix(quantifier)
    return plain.removesuffix("ifexists") in {*OPERATORS, *OTHERS}


def is_limited_to(condition: Any, key: str, allowed: Collection[str]) -> bool:
    """Tell whether a condition limits a key to some of the allowed values, written out."""
    return any(values and set(values) <= set(allowed) for values in limits(condition, key))


def written(value: Any) -> str:
    """Return a value of a condition as text; JSON booleans and numbers mean the same there."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and abs(value) < 1e18:
        return str(value)
    return value if isinstance(value, str) else ""


def _block(name: str, block: Any, context: Context, variables: bool) -> Verdict:
    if not isinstance(block, dict):
        return None
    return all_of(
        _test(name.lower(), str(key).lower(), as_list(values), context, variables)
        for key, values in block.items()
    )


def _test(
    full_name: str, key: str, values: list[Any], context: Context, variables: bool
) -> Verdict:
    if key not in context:
        return None
    if isinstance(either := context[key], tuple):
        return agreed(
            _test(full_name, key, values, {**context, key: one}, variables) for one in either
        )
    quantifier = next((s for s in SETS if full_name.startswith(s)), "")
    name = full_name.removeprefix(quantifier)
    wanted, found = [written(v) for v in values], context[key]
    if name == "null":
        return any(w.lower() == str(found is None).lower() for w in wanted)
    compare, negative = OPERATORS.get(name.removesuffix("ifexists"), (_unknown, False))
    if compare is _unknown or (key in BOOLEAN_KEYS and compare is not _same_case_aside):
        return None
    if found is None:
        exempt = name.endswith("ifexists") or quantifier == SETS[0]
        return exempt or (negative and not quantifier)
    one = [_matches_any(compare, wanted, v, context, variables) for v in as_list(found)]
    one = [negate(v) for v in one] if negative else one
    return all_of(one) if quantifier == SETS[0] else any_of(one)


def _matches_any(
    compare: Comparison, wanted: list[str], found: str, context: Context, variables: bool
) -> Verdict:
    def one(text: str) -> Verdict:
        pattern, known = expand(text, context) if variables else (text, True)
        return compare(pattern, found) if known else None

    return any_of(one(text) for text in wanted)


def _same(wanted: str, found: str) -> Verdict:
    return wanted in (found, literal(found))


def _same_case_aside(wanted: str, found: str) -> Verdict:
    return wanted.lower() == found.lower()


def _like(wanted: str, found: str) -> Verdict:
    return includes(wanted, literal(found)) or includes(wanted, found)


def _arn_like(wanted: str, found: str) -> Verdict:
    """Compare ARNs part by part, since ``*`` does not reach over a colon of the first five."""
    if wanted == "*":
        return None  # no ARN, and not said to match one
    one, other = wanted.split(":", 5), found.split(":", 5)
    return len(one) == len(other) == 6 and all(map(_like, one, other))


def _number(test: Callable[[float, float], bool]) -> Comparison:
    def compare(wanted: str, found: str) -> Verdict:
        try:
            return test(float(found), float(wanted))
        except ValueError:
            return False

    return compare


def _unknown(wanted: str, found: str) -> Verdict:
    return None


OPERATORS: dict[str, tuple[Comparison, bool]] = {
    "stringequals": (_same, False),
    "stringnotequals": (_same, True),
    "stringequalsignorecase": (lambda w, f: _same(w.lower(), f.lower()), False),
    "stringnotequalsignorecase": (lambda w, f: _same(w.lower(), f.lower()), True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_arn_like, False),
    "arnlike": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnnotlike": (_arn_like, True),
    "bool": (_same_case_aside, False),
    "binaryequals": (_same, False),
    "numericequals": (_number(operator.eq), False),
    "numericnotequals": (_number(operator.eq), True),
    "numericlessthan": (_number(operator.lt), False),
    "numericlessthanequals": (_number(operator.le), False),
    "numericgreaterthan": (_number(operator.gt), False),
    "numericgreaterthanequals": (_number(operator.ge), False),
}
# Operators whose outcome is not evaluated here, for it rests on the request's address or time
OTHERS = {
    *("null", "ipaddress", "notipaddress", "dateequals", "datenotequals", "datelessthan"),
    *("datelessthanequals", "dategreaterthan", "dategreaterthanequals"),
}
LIMITING = {
    *("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"),
    *("bool", "ipaddress"),
}
