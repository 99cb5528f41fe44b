"""The switches of the file-metadata lab: what goes together, and what its template can build.

Pure functions; each returns a sentence per problem. What a switch adds to a lab stands in
``kinds/file_metadata.yml`` under ``extensions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

SWITCHES = ("lab_table_index", "lab_topic", "lab_more_source_buckets", "lab_stack")
FLOW = "metadata"
# The attributes of an item by which the index lists a bucket's files, and the items of one key.
INDEX_KEY = ("BucketName", "UploadTime")
SORT_KEY = "BucketName"
# files/file-metadata-template.yml was written for this kind, with a parameter for each of these.
TEMPLATE_KIND = "file_metadata"
TEMPLATE_VARIABLES = {
    *SWITCHES,
    *("lab_kind", "lab_learner", "lab_requirements", "lab_client_dir", "lab_delivery"),
    *("lab_source_bucket", "lab_table", "lab_table_sort_key", "lab_role", "lab_function"),
    *("lab_function_runtime", "lab_function_timeout", "lab_function_memory"),
    "lab_log_retention_days",
}


def problems(host: str, kind: str, values: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Return what is wrong with a lab's switches.

    ``values`` holds all variables as they were read, ``own`` those that the inventory gives and
    that differ from what the kind gives.
    """
    used = [switch for switch in SWITCHES if values[switch]]
    if values["lab_flow"] != FLOW:
        return [
            f"{switch} of {host} is for labs whose lab_flow is {FLOW}: leave it out."
            for switch in used
        ]
    found = [*_bad_buckets(host, values), *_bad_table(host, values, used)]
    return found + (list(_beyond_the_template(host, kind, own)) if values["lab_stack"] else [])


def _bad_buckets(host: str, values: dict[str, Any]) -> Iterator[str]:
    more = values["lab_more_source_buckets"] or ()
    every = [values["lab_source_bucket"], *more]
    for name in sorted({name for name in more if every.count(name) > 1}):
        yield (
            f"The bucket {name!r} stands twice in lab_source_bucket and lab_more_source_buckets of "
            f"{host}: name each bucket once."
        )


def _bad_table(host: str, values: dict[str, Any], used: list[str]) -> Iterator[str]:
    sort_key = values["lab_table_sort_key"]
    for switch in ("lab_table_index", "lab_more_source_buckets"):
        if switch in used and not values["lab_table"]:
            yield f"{switch} of {host} needs a table: set lab_table, or leave it out."
    if "lab_more_source_buckets" in used and sort_key != SORT_KEY:
        yield (
            f"lab_table_sort_key of {host} must be {SORT_KEY} where several buckets feed one "
            f"table, found {sort_key!r}: correct it."
        )


def _beyond_the_template(host: str, kind: str, own: dict[str, Any]) -> Iterator[str]:
    if kind != TEMPLATE_KIND:
        yield f"lab_stack of {host}: only {TEMPLATE_KIND} labs have a template: leave it out."
        return
    for variable in sorted(set(own) - TEMPLATE_VARIABLES):
        yield f"{variable} of {host} has no place in the template: leave it out, or lab_stack."
    if own.get("lab_table_sort_key") not in (None, SORT_KEY):
        yield f"lab_table_sort_key of {host} can only be {SORT_KEY} in the template: correct it."
    if own.get("lab_delivery") == "eventbridge":
        yield (
            f"lab_delivery of {host} is eventbridge, the template delivers straight from S3: "
            "leave it out, or lab_stack."
        )
