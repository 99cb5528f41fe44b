"""The probe's evidence: what is bounded, what is an error, what is removed, and what names what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore import xform_name

from labproof.aws.answers import is_error
from labproof.evidence.uploads.audit_items import MAX_PAGES, as_text, find_items, matching
from labproof.evidence.uploads.cleaning import remove_items, remove_objects
from labproof.evidence.uploads.copies import strays
from labproof.evidence.uploads.flows import FLOWS as PROBES
from labproof.evidence.uploads.flows.ingest import naming
from labproof.evidence.uploads.invocations import (
    MAX_EVENTS,
    MAX_LINES,
    excerpt,
    read_invocations,
)
from labproof.evidence.uploads.probing import encryption, hopeless, stranger, uploads
from labproof.evidence.uploads.samples import BAD_FILES, BULK, DEVICES, bad_records, bulk, mixed
from labproof.evidence.uploads.sending import skew_ms
from labproof.evidence.uploads.strangers import listing
from labproof.evidence.uploads.upload import Upload, fresh
from labproof.labs.flows import FLOWS
from tests.support.fakes import FakeClient, a_lab, connect, refusal

KEY = [{"name": "LogID", "type": "S", "role": "HASH"}]
BUCKET = {"notification": {"LambdaFunctionConfigurations": [{"Id": "1"}]}}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({}, ""),
        ({"source_bucket": BUCKET, "function": {}, "rules": []}, ""),
        ({"source_bucket": None}, "there is no bucket to upload to"),
        ({"source_bucket": BUCKET, "function": None}, "there is no function"),
        ({"source_bucket": {"notification": {}}, "function": {}}, "the bucket notifies nobody"),
        ({"source_bucket": {"notification": {"EventBridgeConfiguration": {}}}}, ""),
        ({"source_bucket": {"notification": {}}, "rules": [{"name": "by trail"}]}, ""),
        ({"source_bucket": {"error": {"call": "head_bucket", "code": "403", "message": ""}}}, ""),
    ],
)
def test_only_what_is_known_to_be_hopeless_is_not_waited_for(
    state: dict[str, Any], why: str
) -> None:
    assert hopeless(state).startswith(why)
    assert bool(hopeless(state)) == bool(why)


def test_names_are_unguessable_and_share_no_beginning() -> None:
    forms = FLOWS["transfer"].uploads.items()
    keys = [fresh(label, form).key for label, form in forms for _ in range(20)]
    assert len({key[:24] for key in keys}) == len(keys)
    assert len({key[:3] for key in keys}) > 3


@pytest.mark.parametrize("name", FLOWS)
def test_each_flow_has_a_probe_that_knows_its_uploads(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    probe = PROBES[name](a_lab(), connect(monkeypatch), 1.0)
    assert probe.flow is FLOWS[name]
    assert probe.flow.main in {*probe.flow.uploads} - {*probe.flow.refused}
    assert set(probe.flow.refused) == (set(BAD_FILES) if probe.flow.refused else set())


@pytest.mark.parametrize(
    ("code", "operation", "is_answer"),
    [
        ("AccessDenied", "ListObjectsV2", True),
        ("AccessDenied", "AssumeRole", False),
        ("ExpiredToken", "ListObjectsV2", False),
        ("SlowDown", "ListObjectsV2", False),
    ],
)
def test_only_a_refused_listing_tells_of_the_bucket(
    monkeypatch: pytest.MonkeyPatch, code: str, operation: str, is_answer: bool
) -> None:
    client = FakeClient(list_objects_v2=refusal(code, operation))
    found = listing(connect(monkeypatch, s3=client), "ada-landing")
    assert found == code if is_answer else found["error"]["call"] == xform_name(operation)


def test_what_a_refused_upload_would_have_shown_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = probe_of(monkeypatch, put_object=refusal("AccessDenied", "PutObject"))
    where.send()
    refused = uploads(where)
    assert refused["error"]["call"] == "put_object"
    assert (encryption(where), stranger(where)) == (refused, refused)


def probe_of(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> Any:
    client = FakeClient(**answers)
    connection = connect(monkeypatch, dynamodb=client, s3=client, logs=client)
    return PROBES["transfer"](a_lab(), connection, 1.0)


class Pages(FakeClient):
    """A table that never ends."""

    def get_paginator(self, operation: str) -> Any:
        return self

    def paginate(self, **request: Any) -> Any:
        self.read = 0
        while True:
            self.read += 1
            yield {"Items": [], "LastEvaluatedKey": {}}


def test_a_table_without_end_is_no_proof_of_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Pages()
    where = PROBES["transfer"](a_lab(), connect(monkeypatch, dynamodb=client), 1.0)
    found = find_items(where.following, [Upload("zip", "key.zip", "token")])
    assert found["error"]["code"] == "TooManyItems"
    assert client.read == MAX_PAGES


def test_items_are_found_by_what_nobody_can_guess() -> None:
    upload = Upload("zip", "a b token.zip", "token")
    items = [{"LogID": {"S": "1"}, "ObjectKey": {"S": "a+b+token.zip"}}, {"LogID": {"S": "2"}}]
    assert [item["LogID"] for item in matching(items, upload)] == ["1"]
    assert as_text({"Size": {"N": "3"}, "Gone": {"NULL": True}}) == {"Size": "3", "Gone": "True"}


def test_a_copy_under_another_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"Contents": [{"Key": "note-token/a+b.zip"}, {"Key": "note-token/a b.zip"}]}
    client = FakeClient(list_objects_v2=listed)
    upload = Upload("hard", "note-token/a b.zip", "token")
    connection = connect(monkeypatch, s3=client)
    assert strays(connection, "ada-private", upload) == ["note-token/a+b.zip"]
    assert client.asked("list_objects_v2")[0]["Prefix"] == "note-token"


def test_a_log_that_may_not_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    where = probe_of(monkeypatch, filter_log_events=refusal("AccessDeniedException"))
    assert is_error(read_invocations(where.connection, "ada-copy", 0))


def chatty(lines: int, request: str = "r-1", stream: str = "s") -> list[dict[str, Any]]:
    """Return the log of one invocation that prints many lines, all in one moment."""
    text = [f"START RequestId: {request}", *(f"line {n}" for n in range(lines))]
    text += ["[ERROR] no luck", f"note-abc {request}", f"REPORT RequestId: {request}"]
    return [{"logStreamName": stream, "timestamp": 1, "message": one} for one in text]


def answering(log: list[dict[str, Any]]) -> Any:
    """Answer as an emulator does: the first events that hold a pattern, and no next page."""

    def answer(filterPattern: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        found = [event for event in log if filterPattern.strip('"') in event["message"]]
        return {"events": found[:MAX_EVENTS]}

    return answer


def test_a_log_of_many_lines_is_read_for_what_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [*chatty(MAX_EVENTS), *chatty(MAX_EVENTS, "r-2", "t")]
    where = probe_of(monkeypatch, filter_log_events=answering(log))
    found = read_invocations(where.connection, "ada-copy", 0, ("note-abc",))
    assert [(a.request_id, a.ended_ms, a.raised) for a in found] == [
        ("r-1", 1, True),
        ("r-2", 1, True),
    ]
    assert found[0].lines == [
        "START RequestId: r-1",
        "note-abc r-1",
        "[ERROR] no luck",
        "REPORT RequestId: r-1",
    ]


def test_a_log_of_too_many_invocations_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [event for n in range(MAX_EVENTS) for event in chatty(0, f"r-{n}")]
    where = probe_of(monkeypatch, filter_log_events=answering(log))
    found = read_invocations(where.connection, "ada-copy", 0)
    assert found["error"]["code"] == "TooManyEvents"


def test_lines_are_few_short_and_without_secrets() -> None:
    lines = excerpt([f"{n} " + "x" * 1000 for n in range(100)])
    assert len(lines) == MAX_LINES + 1
    assert (lines[0][:2], lines[-1][:3]) == ("0 ", "99 ")
    assert max(map(len, lines)) == 500
    assert "AKIA" not in excerpt(["key AKIAABCDEFGHIJKLMNOP"])[0]
    assert excerpt(["\x1b[31m red"]) == ["\x1b[31m red"]


def test_only_the_probes_own_versions_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = [{"Key": "mine", "VersionId": "1"}, {"Key": "mine too", "VersionId": "2"}]
    answers = {"list_object_versions": {"Versions": versions}, "delete_objects": {}}
    where = probe_of(monkeypatch, **answers)
    assert remove_objects(where.connection, "ada-public", ["mine"], versioned=True) == []
    (request,) = where.connection.client("s3").asked("delete_objects")
    assert request["Delete"]["Objects"] == [{"Key": "mine", "VersionId": "1"}]


def test_what_cannot_be_removed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    no = refusal("AccessDenied")
    where = probe_of(monkeypatch, delete_objects=no, batch_write_item=no)
    left = remove_objects(where.connection, "ada-public", ["mine"], versioned=False)
    left += remove_items(where.connection, "ada-logs", KEY, [{"LogID": {"S": "1"}}])
    assert left == [
        {"what": "s3://ada-public/mine", "why": "AccessDenied"},
        {"what": "items in ada-logs", "why": "AccessDenied"},
    ]


def test_deletions_that_were_not_processed_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[int] = []

    def delete(RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803
        waiting = RequestItems["ada-logs"]
        asked_for.append(len(waiting))
        return {"UnprocessedItems": {"ada-logs": waiting[1:]}} if len(waiting) > 1 else {}

    where = probe_of(monkeypatch, batch_write_item=delete)
    keys = [{"LogID": {"S": str(n)}} for n in range(3)]
    assert remove_items(where.connection, "ada-logs", KEY, keys) == []
    assert asked_for == [3, 2, 1]


def test_samples_hold_good_records_and_one_of_each_bad_kind() -> None:
    good, bad, body = mixed()
    rows = json.loads(body)
    assert [row for row in rows if row in good] == good
    assert len(bad) == len(bad_records()) == 4
    for one in bad:
        assert rows[one["index"]] not in good
        assert any(mark in json.dumps(rows[one["index"]]) for mark in one["marks"])
    many, _ = bulk()
    assert (len(many), len({r["device_id"] for r in many})) == (BULK, DEVICES)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("record 12 rejected: value is no number", True),
        ("record 13 rejected", True),
        ("rejected pump-77", True),
        ("4 records rejected", False),
        ("REPORT RequestId: 1\tDuration: 12 ms", False),
        ("at 2026-01-01T00:00:12", False),
        ("took 12.5 s", False),
    ],
)
def test_a_bad_record_is_named_by_its_content_or_its_place(line: str, names: bool) -> None:
    bad = {"what": "value is a text", "index": 12, "marks": ["pump-77"]}
    assert bool(naming([line], bad)) is names


@pytest.mark.parametrize(
    ("stamp", "skew"),
    [
        ("Sat, 21 Nov 2026 02:46:14 GMT", 0),
        ("Sat, 21 Nov 2026 02:47:14 GMT", 55_000),
        ("Sat, 21 Nov 2026 02:46:18 GMT", 0),
        ("Sat, 21 Nov 2026 02:45:14 GMT", -59_000),
        (None, 0),
    ],
)
def test_clocks_that_differ_by_seconds_are_told_apart(stamp: str | None, skew: int) -> None:
    answer = {"ResponseMetadata": {"HTTPHeaders": {"date": stamp}}}
    start = 1_795_229_174_000
    assert skew_ms(answer, start, start + 5000) == skew
