"""Fresh uploads, followed to the end."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.analysis.items import audit_item_problems
from labproof.evidence.snapshot import Reading, Snapshot, expect
from labproof.labs.flows import AGAIN, FLOWS

from .followed import COPIED, FUNCTION, INVOKED, LOG, STORED, expect_each, upload, why

COPY = "aws s3api head-object --bucket $destination_bucket --key KEY"


@pytest.mark.requirement(
    "transfer.invoked",
    weight=4,
    rests_on=[*INVOKED, "logs.group"],
    hint="Upload any file to $source_bucket and look into the log of $function: no new stream "
    "means that the trigger does not reach it.",
    command=LOG,
    playbook="create-trigger.yml",
)
def test_an_upload_invokes_the_function(snapshot: Snapshot) -> None:
    """A fresh upload invokes the function: its request id is in the log."""
    uploads, calls = snapshot.seen("uploads"), snapshot.seen("invocations")
    named = [call for call in calls if call["uploads"]]
    # A function that logs no key is known by the number of its invocations.
    enough = len([call for call in calls if call["request_id"]]) >= len(uploads)
    expected = f"{snapshot.lab.function.name} invoked by {len(uploads)} uploads"
    said = snapshot.seen("why_not") or f"within {snapshot.seen('timeout_s'):g} s"
    expect(bool(named) or enough, expected, f"{len(calls)} invocations, {said}")


def main(snapshot: Snapshot) -> str:
    """Return the upload of the type that the lab is about: a zip, or a CSV file."""
    return FLOWS[snapshot.lab.flow].main


def others(snapshot: Snapshot) -> list[str]:
    """Return the uploads with hard keys and of other types."""
    return [one for one in FLOWS[snapshot.lab.flow].uploads if one != main(snapshot)]


def copy_problem(snapshot: Snapshot, found: Any) -> str:
    """Say how a copy differs from its upload; empty if it is the same."""
    copied = found["copied"]
    if copied is None:
        stray = f", but {found['strays'][0]!r}" if found["strays"] else ""
        return f"no copy{stray}{why(snapshot, found)}"
    same = (copied["sha256"], copied["size"]) == (found["sha256"], found["size"])
    return "" if same else f"{copied['size']} bytes of other content, sent {found['size']}"


@pytest.mark.requirement(
    "transfer.copied",
    weight=6,
    rests_on=COPIED,
    hint="Let $function copy each new object of $source_bucket to $destination_bucket under the "
    "same key; its log says why it does not.",
    command=LOG,
    playbook=FUNCTION,
)
def test_a_fresh_file_is_copied_byte_for_byte(snapshot: Snapshot) -> None:
    """A fresh file arrives under the same key, byte for byte."""
    expected = f"a copy in {snapshot.lab.destination.bucket}, byte for byte"
    expect_each(snapshot, [main(snapshot)], copy_problem, expected)


@pytest.mark.requirement(
    "transfer.hard-keys",
    weight=4,
    rests_on=["transfer.copied"],
    hint="Decode the event's key with urllib.parse.unquote_plus, and copy files of every type.",
    command=LOG,
    playbook=FUNCTION,
)
def test_hard_keys_and_other_types_arrive_unchanged(snapshot: Snapshot) -> None:
    """Keys with spaces, signs, accents and slashes, and other types, arrive under the same key."""
    expect_each(snapshot, others(snapshot), copy_problem, "copies under exactly the same keys")


@pytest.mark.requirement(
    "transfer.audited",
    weight=6,
    rests_on=[*STORED, "transfer.hard-keys"],
    hint="Write one item for each upload to $table: LogID (a new one each time), SourceBucket, "
    "DestinationBucket, ObjectKey (decoded), Status, Timestamp (UTC).",
    command="aws dynamodb scan --table-name $table --max-items 5",
    playbook=FUNCTION,
)
def test_each_upload_has_one_right_item(snapshot: Snapshot) -> None:
    """Each upload has exactly one item, right in every attribute; a second one to a key its own."""
    expected = f"one item in {snapshot.lab.table.name} for each upload, right in every attribute"
    again = upload(snapshot, main(snapshot))["copied_ms"] is not None
    labels = others(snapshot) if again else [main(snapshot), *others(snapshot)]
    expect_each(snapshot, labels, audit_problem, expected)
    if again:
        problem = second_problem(snapshot)
        expect(not problem, "an item of its own for a second upload to a key", problem)


def audit_problem(snapshot: Snapshot, found: Any) -> str:
    """Say what is wrong with the items that tell of an upload; empty if nothing is.

    AWS may deliver an event twice and tries a failed one again, so each invocation may leave an
    item; one of them has to say that it worked.
    """
    return items_problem(snapshot, found, 1, invocations(snapshot, found))


def items_problem(snapshot: Snapshot, found: Any, wanted: int, most: int) -> str:
    """Say what is wrong with items that tell of so many uploads to one key."""
    items = found["audit_items"]
    if not found["copied_ms"]:
        return f"{len(items) or 'no'} item, and no copy that it could tell of"
    if len(items) < wanted:
        return f"{len(items) or 'no'} item{why(snapshot, found)}"
    if len(items) > max(wanted, most):
        return f"{len(items)} items"
    # What another try wrote is later than what was seen first.
    window = {**found, "audited_ms": snapshot.seen("finished_ms")}
    buckets = snapshot.lab.source.bucket, snapshot.lab.destination.bucket
    told = [audit_item_problems(item, *buckets, window) for item in items]
    grave = [p for problems in told for p in problems if not p.startswith("Status:")]
    worked = sum(not problems for problems in told) >= wanted
    said = grave or [p for problems in told for p in problems]
    return "" if worked and not grave else "; ".join(dict.fromkeys(said))


def invocations(snapshot: Snapshot, found: Any) -> int:
    """Count the invocations for an upload: those that name it, or where none does, its share."""
    calls = snapshot.seen("invocations")
    named = [call for call in calls if call["uploads"]]
    if not named:
        return len(calls) // len(snapshot.seen("uploads"))
    return sum(call["request_id"] in found["requests"] for call in named)


def second_problem(snapshot: Snapshot) -> str:
    """Say what is wrong with the items after a second upload to the same key."""
    first, second = upload(snapshot, main(snapshot)), upload(snapshot, AGAIN)
    both = Reading(second | {"signed_ms": first["signed_ms"]})
    most = invocations(snapshot, first) + invocations(snapshot, second)
    return items_problem(snapshot, both, 2, most)


@pytest.mark.requirement(
    "transfer.listed",
    rests_on=["transfer.copied"],
    hint="List $destination_bucket: the copy has to be in the listing under its own key.",
    command="aws s3api list-objects-v2 --bucket $destination_bucket --max-items 10",
    playbook="create-destination-bucket.yml",
)
def test_the_listing_shows_the_copy(snapshot: Snapshot) -> None:
    """The destination's listing shows the copy."""
    found = upload(snapshot, main(snapshot))
    expected = f"{found['key']} in the listing of {snapshot.lab.destination.bucket}"
    expect(bool(found["listed"]), expected, "it missing")


@pytest.mark.requirement(
    "transfer.metadata",
    weight=3,
    rests_on=["transfer.copied"],
    hint="Copy with copy_object (MetadataDirective COPY), or hand ContentType and Metadata on.",
    command=COPY,
    playbook=FUNCTION,
)
def test_type_and_metadata_come_along(snapshot: Snapshot) -> None:
    """The copy has the original's content type, user metadata and checksum."""
    names = ("content_type", "metadata", "sha256")
    found = upload(snapshot, main(snapshot))
    copied = found["copied"] or {}
    wanted = {name: found[name] for name in names}
    expect({n: copied.get(n) for n in names} == wanted, str(wanted), copied or "no copy")
