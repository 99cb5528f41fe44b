"""What verify.yml shows of the evidence that is graded: the same, without a gap, or a sentence."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from labproof.aws.answers import error_of
from labproof.aws.errors import AwsError
from labproof.evidence.snapshot import Snapshot
from labproof.evidence.uploads.flows import FLOWS
from labproof.labs.lab import LabError

FOLDER = Path(__file__).parents[1] / "snapshots"
SNAPSHOTS = {path.stem: Snapshot(json.loads(path.read_text())) for path in FOLDER.glob("*.json")}
DENIED = error_of("some_call", "AccessDenied", "not you")


def proof(label: str, **changes: Any) -> dict[str, Any]:
    """Return what is shown of a recorded lab in which everything worked."""
    lab, seen = SNAPSHOTS[label].lab, SNAPSHOTS[label].document["probe"]
    return FLOWS[lab.flow].proof(lab, deepcopy(seen) | changes)


def uploads_of(label: str) -> dict[str, Any]:
    uploads: dict[str, Any] = deepcopy(SNAPSHOTS[label].document["probe"]["uploads"])
    return uploads


def test_a_transfer_is_shown_by_one_upload_and_what_strangers_got() -> None:
    shown = proof("xfusion")
    assert (shown["errors"], len(shown["audit_items"])) == ([], 2)
    assert shown["copied"]["sha256"] == shown["sha256"]
    assert [shown["anonymous"][one]["status"] for one in ("source", "destination")] == [200, 403]


def test_copies_are_shown_beside_what_was_sent() -> None:
    shown = proof("event-copy")
    assert (shown["invoked"], shown["errors"]) == (True, [])
    assert shown["main"]["key"].endswith(".csv")
    for one in shown["uploads"].values():
        assert one["arrived"] | {"tags": one["sent"]["tags"]} == one["sent"]


def test_a_copy_that_did_not_come_is_shown_as_none() -> None:
    uploads = uploads_of("event-copy")
    uploads["zip"]["copied"] = None
    assert proof("event-copy", uploads=uploads)["uploads"]["zip"]["arrived"] is None


def test_extensions_are_shown_by_their_problems() -> None:
    shown = proof("file-metadata-extended")
    assert not any(shown["extensions"].values())
    silent = SNAPSHOTS["file-metadata-extended"].document["probe"]["extensions"] | {"messages": {}}
    found = proof("file-metadata-extended", extensions=silent)["extensions"]
    assert len(found["notified"]) == len(shown["uploads"])
    assert proof("file-metadata")["extensions"] == {}


def test_an_ingestion_is_shown_by_its_records_and_refusals() -> None:
    shown = proof("secure-ingestion")
    assert shown["mixed"]["stored"] == shown["mixed"]["sent"]
    assert shown["mixed"]["bad"] == 4
    assert shown["bulk"]["stored"] == shown["bulk"]["sent"]
    assert len(shown["refused"]) == 3
    assert all(shown["refused"].values())
    assert (shown["transport"]["http"], shown["errors"]) == ("AccessDenied", [])
    assert shown["recorded"]


@pytest.mark.parametrize("label", SNAPSHOTS)
@pytest.mark.parametrize("what", ["uploads", "invocations"])
def test_what_was_not_answered_ends_a_proof_in_a_sentence(label: str, what: str) -> None:
    with pytest.raises(AwsError, match="AWS answered AccessDenied to some_call"):
        proof(label, **{what: DENIED})


@pytest.mark.parametrize("label", SNAPSHOTS)
def test_what_was_not_answered_of_one_upload_does_so_too(label: str) -> None:
    uploads = uploads_of(label)
    uploads[next(iter(uploads))]["head"] = DENIED
    with pytest.raises(AwsError):
        proof(label, uploads=uploads)


@pytest.mark.parametrize("label", SNAPSHOTS)
@pytest.mark.parametrize("gone", [True, False])
def test_without_a_bucket_the_step_is_named(label: str, gone: bool) -> None:
    uploads = None if gone else uploads_of(label) | {"late": None}
    with pytest.raises(LabError, match='Step "upload"'):
        proof(label, uploads=uploads)
