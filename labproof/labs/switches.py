"""The switches of the file-metadata lab: what goes together, and what its template can build.

Pure functions; each returns a sentence per problem. A switch is a variable that is declared for one
flow alone; what it adds to a lab stands in ``data/file_metadata.yml`` under ``extensions``, what
the template has a place for under ``template``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labproof.labs.declaring import Variable
from labproof.labs.kinds import kinds, known
from labproof.labs.lab import VARIABLES

# The attributes of an item by which the index lists a bucket's files, and the items of one key.
INDEX_KEY = ("BucketName", "UploadTime")
SORT_KEY = "BucketName"


def problems(host: str, kind: str, values: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Return what is wrong with a lab's switches.

    ``values`` holds all variables as they were read, ``own`` those that the inventory gives and
    that differ from what the kind gives.
    """
    used = [variable for variable in VARIABLES.values() if variable.flow and values[variable.name]]
    misplaced = [
        f"{switch.name} of {host} is for labs whose lab_flow is {switch.flow}: leave it out."
        for switch in used
        if switch.flow != values["lab_flow"]
    ]
    return misplaced or [
        *_bad_buckets(host, values),
        *_bad_table(host, values, used),
        *(_beyond_the_template(host, kind, own) if values["lab_stack"] else ()),
    ]


def _bad_buckets(host: str, values: dict[str, Any]) -> Iterator[str]:
    more = values["lab_more_source_buckets"]
    every = [values["lab_source_bucket"], *more]
    for name in sorted({name for name in more if every.count(name) > 1}):
        yield (
            f"The bucket {name!r} stands twice in lab_source_bucket and lab_more_source_buckets of "
            f"{host}: name each bucket once."
        )


def _bad_table(host: str, values: dict[str, Any], used: list[Variable]) -> Iterator[str]:
    for switch in used:
        if switch.needs and not values[switch.needs]:
            what = switch.needs.removeprefix("lab_")
            yield f"{switch.name} of {host} needs a {what}: set {switch.needs}, or leave it out."
    sort_key = values["lab_table_sort_key"]
    if values["lab_more_source_buckets"] and sort_key != SORT_KEY:
        yield (
            f"lab_table_sort_key of {host} must be {SORT_KEY} where several buckets feed one "
            f"table, found {sort_key or None!r}: correct it."
        )


def _beyond_the_template(host: str, kind: str, own: dict[str, Any]) -> Iterator[str]:
    places = known(kind).get("template")
    if places is None:
        having = ", ".join(name for name in sorted(kinds()) if "template" in kinds()[name])
        yield f"lab_stack of {host}: only {having} labs have a template: leave it out."
        return
    for variable in sorted(set(own) - {*places}):
        yield f"{variable} of {host} has no place in the template: leave it out, or lab_stack."
    if own.get("lab_table_sort_key") not in (None, SORT_KEY):
        yield f"lab_table_sort_key of {host} can only be {SORT_KEY} in the template: correct it."
    if own.get("lab_delivery") == "eventbridge":
        yield (
            f"lab_delivery of {host} is eventbridge, the template delivers straight from S3: "
            "leave it out, or lab_stack."
        )
