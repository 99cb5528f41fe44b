"""What a trail records, by its event selectors of either kind.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Selector = dict[str, Any]
READS, WRITES = "reads", "writes"
BOTH = frozenset((READS, WRITES))
KINDS = {"All": BOTH, "ReadOnly": frozenset((READS,)), "WriteOnly": frozenset((WRITES,))}
READ_ONLY = {"true": READS, "false": WRITES}
OBJECTS = "AWS::S3::Object"
# Fields of an advanced selector that leave out none of the events that are asked for: a trail may
# leave out KMS and RDS, which is the same choice as the console's for the other kind.
HARMLESS = {"eventCategory", "readOnly", "eventSource", "resources.type", "resources.ARN"}


def management_events(selectors: Iterable[Selector], advanced: Iterable[Selector]) -> set[str]:
    """Return which management events are recorded: reads, writes."""
    found: set[str] = set()
    for selector in selectors:
        if selector.get("IncludeManagementEvents", True):
            found |= KINDS.get(selector.get("ReadWriteType", "All"), BOTH)
    for selector in advanced:
        fields = _fields(selector)
        if fields is not None and _is(fields, "eventCategory", "Management"):
            found |= _kinds(fields)
    return found


def object_events(
    selectors: Iterable[Selector], advanced: Iterable[Selector], bucket_arn: str
) -> set[str]:
    """Return which data events are recorded of every object of a bucket: reads, writes."""
    found: set[str] = set()
    for selector in selectors:
        if any(_takes_all(r, bucket_arn) for r in selector.get("DataResources") or []):
            found |= KINDS.get(selector.get("ReadWriteType", "All"), BOTH)
    for selector in advanced:
        fields = _fields(selector)
        if fields is not None and _is_about(fields, f"{bucket_arn}/"):
            found |= _kinds(fields)
    return found


def _takes_all(resource: Selector, bucket_arn: str) -> bool:
    """Tell whether a data resource takes in a whole bucket: by its name, or all buckets."""
    service = bucket_arn.partition(":::")[0]
    whole = {service, f"{service}:::", f"{bucket_arn}/"}
    return resource.get("Type") == OBJECTS and bool(whole & set(resource.get("Values") or []))


def _fields(selector: Selector) -> dict[str, dict[str, list[str]]] | None:
    """Return ``{field: {operator: values}}``; None for a selector that is narrower than we know."""
    found: dict[str, dict[str, list[str]]] = {}
    for entry in selector.get("FieldSelectors") or []:
        operators = {name: values for name, values in entry.items() if name != "Field" and values}
        found.setdefault(entry.get("Field", ""), {}).update(operators)
    return found if set(found) <= HARMLESS else None


def _is(fields: dict[str, dict[str, list[str]]], name: str, value: str) -> bool:
    return value in fields.get(name, {}).get("Equals", [])


def _is_about(fields: dict[str, dict[str, list[str]]], objects: str) -> bool:
    """Tell whether a selector of data events takes in every object under an ARN."""
    source = fields.get("eventSource")
    return (
        _is(fields, "eventCategory", "Data")
        and _is(fields, "resources.type", OBJECTS)
        and (source is None or _is(fields, "eventSource", "s3.amazonaws.com"))
        and all(_holds(*one, objects) for one in fields.get("resources.ARN", {}).items())
    )


def _holds(operator: str, values: list[str], objects: str) -> bool:
    """Tell whether a test on the object's ARN is passed by all objects under ``objects``."""
    if operator == "StartsWith":
        return any(objects.startswith(value) for value in values)
    if operator == "NotStartsWith":
        return not any(objects.startswith(v) or v.startswith(objects) for v in values)
    if operator == "NotEquals":
        return not any(value.startswith(objects) for value in values)
    return False


def _kinds(fields: dict[str, dict[str, list[str]]]) -> set[str]:
    """Return what a selector's readOnly lets through."""
    tests = fields.get("readOnly")
    if tests is None:
        return set(BOTH)
    kept = set(tests.get("Equals", READ_ONLY)) - set(tests.get("NotEquals", []))
    return {READ_ONLY[value] for value in kept if value in READ_ONLY}
