"""Judging without AWS: recorded snapshots of the labs, changed at any place.

The labs were in order when they were recorded (``python -m tests.accuracy.record``), so that a
verdict other than *passed* comes from the change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labproof.aws.answers import error_of
from labproof.evidence import archive
from labproof.evidence.redaction import redact
from labproof.evidence.snapshot import Snapshot
from labproof.grading.judge import BLOCKED, ERROR, FAILED, PASSED, ask, judge
from labproof.grading.rubric import rubric

pytestmark = pytest.mark.once(reason="the examples are the same each time")

FOLDER = Path(__file__).parents[1] / "snapshots"
WHOLE: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
LABELS = sorted(WHOLE)
LARGEST = 200_000
STATUSES = {PASSED, FAILED, BLOCKED, ERROR}
EVIDENCE = ("state", "probe")
FIRST_OF_LIST = 3  # elements that are changed; what comes later is like them
Place = tuple[str | int, ...]


labels = st.sampled_from(LABELS)
tops = st.sampled_from(EVIDENCE)


def often(examples: int) -> settings:
    """Return how often a property is tried: the same examples each time."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(
        max_examples=examples, derandomize=True, deadline=None, suppress_health_check=slow
    )


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yield where something stands in a value, the value itself first."""
    yield at
    inner = value.items() if isinstance(value, dict) else ()
    for name, one in enumerate(value[:FIRST_OF_LIST]) if isinstance(value, list) else inner:
        yield from places(one, (*at, name))


@cache
def places_in(label: str, *at: str | int) -> list[Place]:
    return [(*at, *place) for place in places(found(WHOLE[label], at))]


def found(document: Any, place: Place) -> Any:
    for name in place:
        document = document[name]
    return document


def is_there(document: Any, place: Place) -> bool:
    try:
        found(document, place)
    except (LookupError, TypeError):
        return False
    return True


ABSENT = object()


def put(document: Any, place: Place, value: Any) -> Any:
    """Return a document with another value at a place, or none; the rest is shared with it."""
    if not place:
        return value
    name, *rest = place
    changed = document.copy()
    if value is ABSENT and not rest:
        del changed[name]
    else:
        changed[name] = put(document[name], tuple(rest), value)
    return changed


@dataclass(frozen=True)
class Change:
    """What stands at a place of a document instead, if there is the place."""

    place: Place
    value: Any

    def of(self, document: dict[str, Any]) -> dict[str, Any]:
        there = is_there(document, self.place)
        return dict(put(document, self.place, self.value)) if there else document


UNREAD = error_of("get_thing", "AccessDenied", "no right to it")
VALUES = st.sampled_from(
    [
        *(None, True, 0, -1, 10**30, 1.5, "", "*", "x" * 5000, "\x00\ud800 é", [], {}, [None]),
        *([[]], {"": None}, {"error": {}}, {"error": "AccessDenied"}, UNREAD, [UNREAD]),
        *("2026-01-01T00:00:00Z", "[ERROR] no", "arn:aws:s3:::other", ["*"], {"AWS": "*"}),
    ]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def twisted(value: Any) -> list[Any]:
    """Return what is made of a value itself."""
    if isinstance(value, list):
        return [[*value, *value], {str(n): one for n, one in enumerate(value)}, value[1:], [value]]
    return [[value], {"x": value}, str(value), *([list(value)] if isinstance(value, dict) else [])]


@st.composite
def changes(draw: st.DrawFn, label: str, *at: str | int) -> Change:
    """Return a change of a recording at or below a place."""
    place = draw(st.sampled_from(places_in(label, *at)))
    match draw(st.integers(0, 5)):
        case 0:
            value = ABSENT if place != at else None
        case 1:
            other = draw(st.sampled_from(places_in(label, draw(tops))))
            value = found(WHOLE[label], other)
        case 2:
            value = draw(st.sampled_from(twisted(found(WHOLE[label], place))))
        case 3:
            value = draw(TREES)
        case _:
            value = draw(VALUES)
    return Change(place, value)


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["status"] for row in judge(Snapshot(document))["checks"]}


def broken(document: dict[str, Any]) -> dict[str, str]:
    """Return what is said by the checks that stumbled."""
    rows = judge(Snapshot(document))["checks"]
    return {r["id"]: r["found"] for r in rows if " in the check: " in r["found"]}


@pytest.mark.parametrize("label", LABELS)
def test_a_recorded_lab_has_all_points_each_time_it_is_judged(label: str) -> None:
    first = judge(archive.read_snapshot(FOLDER / f"{label}.json"))
    assert (first["score"], first["max_score"]) == (100, 100)
    assert {row["status"] for row in first["checks"]} == {PASSED}
    assert judge(Snapshot(WHOLE[label])) == first


@pytest.mark.parametrize("label", LABELS)
def test_a_recording_is_small_and_holds_no_secret_and_no_place_of_a_machine(label: str) -> None:
    text = (FOLDER / f"{label}.json").read_text("utf-8")
    assert len(text) < LARGEST
    assert redact(text) == text
    assert "/tmp/" not in text  # noqa: S108
    assert WHOLE[label]["lab"]["client"]["dir"] in ("", "/home/learner")


def is_entry(entry: dict[str, Any], label: str) -> None:
    """Assert that an entry of results.json is whole, whatever it says."""
    rows = entry["checks"]
    assert {row["id"] for row in rows} == set(WHOLE[label]["lab"]["requirements"])
    assert {row["status"] for row in rows} <= STATUSES
    assert all(0 <= row["points"] <= row["max_points"] for row in rows)
    assert entry["score"] == sum(row["points"] for row in rows) <= entry["max_score"] == 100


@often(250)
@given(st.data())
def test_nothing_that_stands_in_the_evidence_makes_judging_raise(data: st.DataObject) -> None:
    label = data.draw(labels)
    document = WHOLE[label]
    for top in data.draw(st.lists(tops, min_size=1, max_size=3)):
        document = data.draw(changes(label, top)).of(document)
    is_entry(judge(Snapshot(document)), label)


@often(150)
@given(data=st.data())
def test_what_is_no_snapshot_is_refused_in_a_sentence_and_what_is_one_is_judged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    label = data.draw(labels)
    change = data.draw(changes(label, data.draw(st.sampled_from(list(WHOLE[label])))))
    path = tmp_path_factory.getbasetemp() / "changed.json"
    path.write_text(json.dumps(change.of(WHOLE[label])), "utf-8")
    if said := refusal(path):
        assert re.fullmatch(r"[^\n]+\.", said)
    else:
        judge(archive.read_snapshot(path))


def refusal(path: Path) -> str:
    try:
        archive.read_snapshot(path)
    except archive.ArchiveError as error:
        return str(error)
    return ""


@often(250)
@given(st.data())
def test_no_check_breaks_on_a_state_that_is_as_the_schema_says(data: st.DataObject) -> None:
    """What the probe saw is not in the schema: there a check may say that it does not understand.

    So it may where the lab or its ARNs contradict what the checks are about.
    """
    label = data.draw(labels)
    document = data.draw(changes(label, "state")).of(WHOLE[label])
    if archive.validator().is_valid(document):
        assert broken(document) == {}


@pytest.mark.parametrize("label", LABELS)
def test_one_element_may_be_written_without_a_list(label: str) -> None:
    names = ("Statement", "Action", "Resource")
    written = [p for p in places_in(label, "state") if p[-1] in names]
    for place in written:
        value = found(WHOLE[label], place)
        if isinstance(value, list) and len(value) == 1:
            assert not_passed(put(WHOLE[label], place, value[0])) == set(), place


def test_what_a_role_may_is_told_whatever_the_shape_of_its_policies() -> None:
    policies = ("state", "role", "inline")
    reading = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    document = put(WHOLE["event-copy"], policies, {"one": reading, "odd": {"Statement": True}})
    rows = {row["id"]: row for row in judge(Snapshot(document))["checks"]}
    assert "allow s3:GetObject," in rows["role.can-write-destination"]["found"]
    assert broken(document) == {}


def test_a_policy_is_no_error_whatever_it_says() -> None:
    document = put(WHOLE["devops"], ("state", "role", "trust"), {"error": {}})
    assert statuses(document)["role.trusts-lambda"] == FAILED


@pytest.mark.parametrize(
    ("key", "encrypted", "active"),
    [
        (UNREAD, ERROR, PASSED),
        ({"arn": "…", "manager": "CUSTOMER", "state": "Disabled"}, FAILED, BLOCKED),
        ({"arn": "…", "manager": "CUSTOMER", "state": "Enabled"}, PASSED, PASSED),
    ],
)
def test_a_table_under_a_key_that_is_not_known_is_not_known_to_be_encrypted(
    key: Any, encrypted: str, active: str
) -> None:
    label, table = "secure-ingestion", ("state", "table")
    arn = WHOLE[label]["state"]["key"]["arn"]
    named = put(WHOLE[label], (*table, "encryption"), {"Status": "ENABLED", "KMSMasterKeyArn": arn})
    said = statuses(put(named, (*table, "encryption_key"), key))
    assert (said["table.encrypted"], said["table.active"]) == (encrypted, active)


def test_a_lab_that_contradicts_itself_is_judged_nevertheless() -> None:
    label = "secure-ingestion"
    document = put(put(WHOLE[label], ("lab", "table", "name"), ""), ("state", "role"), None)
    assert archive.validator().is_valid(document)
    is_entry(judge(Snapshot(document)), label)


@pytest.mark.parametrize(
    "terms",
    [
        {"points": {"role.exists": -5}},
        {"waived": {"role.exists": {"reason": "none", "until": 5}}},
        {"waived": {"role.exists": {"reason": "none", "until": "for ever"}}},
    ],
)
def test_terms_that_no_class_can_have_are_refused(terms: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "changed.json"
    document = WHOLE["devops"]
    path.write_text(json.dumps(document | {"rubric": document["rubric"] | terms}), "utf-8")
    assert "rubric" in refusal(path)


# What AWS or a learner wrote: nothing in it is read by itself.
WRITTEN = {
    *("policy", "trust", "document", "acl", "notification", "encryption", "recovery", "tags"),
    *("selectors", "advanced_selectors", "pattern", "public_access_block"),
}
# What of the probe may be unread, besides its fields and its uploads as a whole
UNREAD_OF_UPLOADS = {"head", "copied", "listed", "audit_items", "items"}


@cache
def readings(label: str) -> list[Place]:
    """Return the places of the evidence where an error may stand instead."""
    state = [
        place
        for place in places_in(label, "state")
        if not WRITTEN & set(place[:-1])
        and "inline" not in place[:-2]
        and archive.validator().is_valid(put(WHOLE[label], place, UNREAD))
    ]
    return state + observations(label)


# What the probe notes of itself
NOTED = {"why_not", "started_ms", "finished_ms", "timeout_s", "left_behind"}


def observations(label: str) -> list[Place]:
    """Return the places of all that the probe saw: as a whole, by itself, of each upload."""
    probe = WHOLE[label]["probe"]
    of_uploads = [("probe", "uploads", one) for one in probe["uploads"]]
    return [
        ("probe",),
        *(("probe", name) for name in probe if name not in NOTED),
        *of_uploads,
        *(("probe", "anonymous", whose) for whose in probe["anonymous"]),
        *(("probe", "transport", scheme) for scheme in probe.get("transport") or {}),
        *(("probe", "files", one, "stored") for one in probe.get("files") or {}),
        *(("probe", "extensions", one) for one in probe.get("extensions") or {}),
        *(
            (*at, name)
            for at in of_uploads
            for name in found(WHOLE[label], at)
            if name in UNREAD_OF_UPLOADS
        ),
    ]


@pytest.mark.parametrize("label", LABELS)
def test_what_could_not_be_read_is_nobodys_fault_and_is_named(label: str) -> None:
    for place in readings(label):
        rows = judge(Snapshot(put(WHOLE[label], place, UNREAD)))["checks"]
        for row in rows:
            assert row["status"] in (PASSED, ERROR), (place, row)
            assert row["status"] == PASSED or "AccessDenied from get_thing" in row["found"], place


@dataclass(frozen=True)
class Watched(Snapshot):
    """A snapshot that notes which parts of the evidence are looked at."""

    read: set[Place] = field(default_factory=set)

    def part(self, name: str) -> Any:
        self.read.add(("state", name))
        return super().part(name)

    def seen(self, name: str) -> Any:
        self.read.add(("probe", name))
        return super().seen(name)


class Noting(dict[str, Any]):
    """A state that notes which parts are taken out of it."""

    def __init__(self, state: dict[str, Any], read: set[Place]) -> None:
        super().__init__(state)
        self.read = read

    def __getitem__(self, name: str) -> Any:
        self.read.add(("state", name))
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(("state", name))
        return super().get(name, default)


@cache
def readers(label: str) -> dict[str, set[Place]]:
    """Return the parts that each check of a whole lab looks at."""
    looked_at = {}
    for name in WHOLE[label]["lab"]["requirements"]:
        read: set[Place] = set()
        state = Noting(WHOLE[label]["state"], read)
        ask(rubric()[name], Watched(WHOLE[label] | {"state": state}, read))
        looked_at[name] = read
    return looked_at


def not_passed(document: dict[str, Any]) -> set[str]:
    return {name for name, status in statuses(document).items() if status != PASSED}


@often(150)
@given(st.data())
def test_a_change_of_a_part_reaches_only_the_checks_that_look_at_it(data: st.DataObject) -> None:
    label = data.draw(labels)
    part = data.draw(parts(label))
    turned = not_passed(data.draw(changes(label, *part)).of(WHOLE[label]))
    assert turned <= {name for name, read in readers(label).items() if part in read}


def parts(label: str) -> st.SearchStrategy[Place]:
    return st.sampled_from([(top, name) for top in EVIDENCE for name in WHOLE[label][top]])


# Whom a change may reach, at most: a part is named by its path, ids as patterns.
REACH: dict[str, list[str]] = {
    "suite_version": [],
    "state.account": [],
    "state.client": ["client.*"],
    "state.samples": ["client.upload"],
    "state.log_group": ["logs.group"],
    "state.rules": ["trigger.*"],
    "state.topic": ["metadata.notified"],
    "state.stack": ["metadata.template"],
    "state.more_source_buckets": [
        *("trigger.*", "metadata.multi-bucket", "role.can-read-source", "role.least-privilege"),
    ],
    "state.users": ["account.no-keys"],
    "state.trail": ["trail.*"],
    "state.trail.selectors": ["trail.management-events", "trail.data-events"],
    "state.trail.validated": ["trail.validated"],
    "state.trail.logging": ["trail.logging", "trail.recorded"],
    "state.table": [
        *("table.*", "role.can-write-table", "role.least-privilege", "account.no-keys"),
        "metadata.index",
    ],
    "state.table.key": ["table.key"],
    "state.table.status": ["table.active"],
    "state.table.billing": ["table.on-demand"],
    "state.table.recovery": ["table.recoverable"],
    "state.table.indexes": ["metadata.index"],
    "state.key": [
        *("key.*", "role.can-decrypt", "role.least-privilege", "account.no-keys"),
        "source-bucket.encrypted",
    ],
    "state.key.rotates": ["key.rotates"],
    "state.source_bucket": [
        *("source-bucket.*", "trigger.*", "role.can-read-source", "role.least-privilege"),
        *("account.no-keys", "metadata.multi-bucket"),
    ],
    "state.source_bucket.public_access_block": ["source-bucket.*"],
    "state.source_bucket.policy": [
        *("source-bucket.*", "role.can-read-source", "role.least-privilege", "account.no-keys"),
    ],
    "state.source_bucket.acl": ["source-bucket.private"],
    "state.source_bucket.notification": ["trigger.*"],
    "state.source_bucket.versioning": ["source-bucket.versioned"],
    "state.source_bucket.encryption": ["source-bucket.encrypted"],
    "state.destination_bucket": [
        *("destination-bucket.*", "role.can-write-destination", "role.least-privilege"),
    ],
    "state.role": ["role.*", "function.uses-role", "key.policy"],
    "state.role.trust": ["role.trusts-lambda"],
    "state.function": ["function.*", "trigger.*", "account.no-keys"],
    "state.function.files": ["function.deployed", "account.no-keys"],
    "state.function.policy": ["trigger.permission"],
    "state.function.runtime": ["function.runtime"],
    "state.function.role": ["function.uses-role"],
    "state.function.state": ["function.exists"],
    "probe.left_behind": [],
    "probe.transport": ["source-bucket.https-only"],
    "probe.recorded": ["trail.recorded"],
    "probe.metrics": ["logs.metrics"],
    "probe.table_metrics": ["metadata.table-metrics"],
    "probe.invocations": ["transfer.invoked", "transfer.audited"],
    "probe.encryption": ["source-bucket.encrypted", "source-bucket.anonymous-read"],
    "probe.extensions.listed": ["metadata.index"],
    "probe.extensions.messages": ["metadata.notified"],
    "probe.extensions.doubles": ["metadata.multi-bucket"],
    "probe.anonymous.source": ["source-bucket.anonymous-read"],
    "probe.anonymous.destination": ["destination-bucket.anonymous-denied"],
    "probe.files.bulk": ["ingest.bulk"],
    "probe.files.later": ["ingest.records"],
    "probe.files.mixed": ["ingest.rejects"],
    "probe.uploads": ["transfer.*", "metadata.*", "ingest.*", "logs.*"],
}


def reached(label: str) -> list[str]:
    return [name for name in REACH if is_there(WHOLE[label], tuple(name.split(".")))]


@often(250)
@given(st.data())
def test_a_change_does_not_turn_what_has_nothing_to_do_with_it(data: st.DataObject) -> None:
    label = data.draw(labels)
    name = data.draw(st.sampled_from(reached(label)))
    assert out_of_reach(name, data.draw(changes(label, *name.split("."))).of(WHOLE[label])) == []


@pytest.mark.parametrize("label", LABELS)
def test_a_part_that_is_gone_does_not_turn_what_has_nothing_to_do_with_it(label: str) -> None:
    for name in reached(label):
        for value in (None, UNREAD):
            document = put(WHOLE[label], tuple(name.split(".")), value)
            assert out_of_reach(name, document) == [], (name, value)


def out_of_reach(name: str, document: dict[str, Any]) -> list[str]:
    """Return the ids that did not pass though nothing that they are about was changed."""
    return [i for i in not_passed(document) if not any(fnmatch(i, one) for one in REACH[name])]


def test_every_part_of_the_evidence_has_a_reach() -> None:
    named = {tuple(name.split("."))[:2] for name in REACH}
    there = {
        (top, part) for one in WHOLE.values() for top in ("state", "probe") for part in one[top]
    }
    shared = {("probe", name) for name in ("why_not", "started_ms", "finished_ms", "timeout_s")}
    assert there - named - shared == set()


AREAS = {
    **{"source_bucket": "source-bucket", "destination_bucket": "destination-bucket"},
    **{part: part for part in ("role", "function", "table", "key", "trail", "client")},
}
# What a real request shows, whatever was read of the bucket
BY_REQUEST = {"source-bucket.anonymous-read", "destination-bucket.anonymous-denied"}


@pytest.mark.parametrize("label", LABELS)
def test_nothing_is_earned_by_a_part_that_is_absent_or_unread(label: str) -> None:
    for part, area in AREAS.items():
        for value, allowed in ((None, (FAILED, BLOCKED)), (UNREAD, (ERROR,))):
            for name, status in statuses(put(WHOLE[label], ("state", part), value)).items():
                mine = name.startswith(f"{area}.") and name not in BY_REQUEST
                assert not mine or status in allowed, (part, name)


@cache
def deletions(label: str) -> list[Change]:
    """Return the ways to take evidence away."""
    unread = [Change(place, UNREAD) for place in readings(label)]
    return unread + [Change(place, None) for place in observations(label)]


@often(250)
@given(st.data())
def test_evidence_that_is_taken_away_never_earns_points(data: st.DataObject) -> None:
    """Evidence is taken away where it could not be read, or the probe did not see it.

    A part of a document is no such evidence: who deletes a policy's wide statement, or a line that
    tells of an error, mends what is judged. So does who never had a table that forbids writing.
    """
    label = data.draw(labels)
    part = data.draw(parts(label))
    faulty = data.draw(changes(label, *part)).of(WHOLE[label])
    near = [d for d in deletions(label) if d.place[:2] == part]
    deletion = data.draw(
        st.sampled_from(near or deletions(label)) | st.sampled_from(deletions(label))
    )
    assert judge(Snapshot(deletion.of(faulty)))["score"] <= judge(Snapshot(faulty))["score"]
