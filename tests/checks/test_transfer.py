"""Fresh uploads, followed to the end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from labproof.audit import item_problems
from labproof.labs import Lab
from labproof.probe import KEYS

Transfers = dict[str, dict[str, Any]]
HARD_KEYS = [label for label in KEYS if label != "zip"]


@pytest.mark.requirement("transfer.invoked")
def test_an_upload_invokes_the_function(invocations: dict[str, Any]) -> None:
    """A fresh upload's invocation is in the log, with its request id."""
    assert invocations["requests"]


@pytest.mark.requirement("transfer.copied")
def test_a_fresh_zip_is_copied_byte_for_byte(transfers: Transfers) -> None:
    """The copy has the same key, checksum and size."""
    seen = transfers["zip"]
    assert seen["copied"] == {"sha256": seen["sha256"], "size": seen["size"]}


@pytest.mark.requirement("transfer.audited")
def test_each_upload_has_one_right_item(transfers: Transfers, lab: Lab) -> None:
    """Exactly one item for each upload, right in every attribute, for hard keys too."""
    for label in KEYS:
        seen = transfers[label]
        assert len(seen["audit_items"]) == 1, label
        assert item_problems(seen["audit_items"][0], asdict(lab), seen) == [], label


@pytest.mark.requirement("transfer.audited")
def test_a_second_upload_to_a_key_has_an_item_of_its_own(transfers: Transfers, lab: Lab) -> None:
    """Two uploads to one key leave two items, under two partition keys."""
    items = transfers["again"]["audit_items"]
    assert len({item[str(lab.partition_key)] for item in items}) == len(items) == 2


@pytest.mark.requirement("transfer.hard-keys")
@pytest.mark.parametrize("label", HARD_KEYS)
def test_hard_keys_and_other_types_arrive_unchanged(transfers: Transfers, label: str) -> None:
    """Keys with spaces, signs, accents and slashes arrive under exactly the same key."""
    seen = transfers[label]
    assert seen["copied"] == {"sha256": seen["sha256"], "size": seen["size"]}


@pytest.mark.requirement("transfer.listed")
def test_the_listing_shows_the_copy(proof: dict[str, Any]) -> None:
    """The destination's listing shows a fresh CSV's copy."""
    assert proof["listed"]


@pytest.mark.requirement("transfer.metadata")
def test_type_and_metadata_come_along(proof: dict[str, Any]) -> None:
    """The copy has the original's content type, user metadata and checksum."""
    names = ("content_type", "metadata", "sha256", "size")
    sent, arrived = proof["sent"], proof["arrived"] or {}
    assert {name: arrived.get(name) for name in names} == {name: sent[name] for name in names}
