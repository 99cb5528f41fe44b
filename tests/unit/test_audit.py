"""What an audit item must say of a transfer."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.analysis.items import audit_item_problems, moment, says_success, timeline

BUCKETS = ("public", "private")
SEEN = {"key": "a b+c.zip", "signed_ms": 1_800_000_000_000, "audited_ms": 1_800_000_002_000}
ITEM = {
    "LogID": "1",
    "SourceBucket": "public",
    "DestinationBucket": "private",
    "ObjectKey": "a b+c.zip",
    "Status": "Success",
    "Timestamp": "1800000001",
}
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def problems(**changes: Any) -> list[str]:
    return audit_item_problems(ITEM | changes, *BUCKETS, SEEN)


def test_an_item_that_is_right_in_every_attribute_has_no_problem() -> None:
    assert problems() == []
    assert problems(Anything="else") == []


@pytest.mark.parametrize("name", ITEM)
def test_every_attribute_must_be_there(name: str) -> None:
    assert problems(**{name: ""}) == [f"{name} is missing"]
    assert audit_item_problems({k: v for k, v in ITEM.items() if k != name}, *BUCKETS, SEEN) == [
        f"{name} is missing"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("SourceBucket", "private"), ("DestinationBucket", "public"), ("ObjectKey", "a+b%2Bc.zip")],
)
def test_names_must_be_those_of_the_upload(name: str, value: str) -> None:
    assert problems(**{name: value}) == [f"{name}: expected {ITEM[name]!r}, found {value!r}"]


def test_a_status_must_say_that_it_worked() -> None:
    assert problems(Status="Failed") == [
        "Status: expected a word that says it worked, found 'Failed'"
    ]


@pytest.mark.parametrize(
    "status",
    [
        "SUCCESS",
        "succeeded",
        "Copied",
        "COPY_COMPLETE",
        "CopyCompleted",
        "copied-ok",
        "Done",
        "OK",
        "200_OK",
        "transferred",
        "Uploaded",
        "Finished",
        "Processed",
        "File copied to private bucket",
        "Copied, no errors",
        "Completed without error",
        "0 failures, done",
    ],
)
def test_any_word_for_success_will_do(status: str) -> None:
    assert says_success(status)


@pytest.mark.parametrize(
    "status",
    [
        "FAILED",
        "Failure",
        "error",
        "COPY_FAILED",
        "CopyFailed",
        "copy-failed",
        "copyfailed",
        "NOT_COPIED",
        "notCopied",
        "unsuccessful",
        "incomplete",
        "Incomplete",
        "pending",
        "copying",
        "IN_PROGRESS",
        "token",
        "partially_copied",
        "AccessDenied",
        "Not copied",
        "copy failed",
        "could not complete",
        "Transfer started",
        "unable to copy",
        "no copy",
        "Copy skipped",
        "success, 1 error",
        "",
    ],
)
def test_a_word_for_anything_else_is_no_success(status: str) -> None:
    assert not says_success(status)


@given(TIMES, OFFSETS)
def test_an_iso_time_means_the_same_moment_in_every_offset(when: datetime, offset: Any) -> None:
    assert moment(when.astimezone(offset).isoformat()) == pytest.approx(when.timestamp(), abs=1e-5)


@given(TIMES)
def test_a_time_without_an_offset_is_utc(when: datetime) -> None:
    for text in (when.replace(tzinfo=None).isoformat(), f"{when.replace(tzinfo=None)}"):
        assert moment(text) == pytest.approx(when.timestamp(), abs=1e-5)
    assert moment(f"{when:%Y-%m-%dT%H:%M:%S}Z") == int(when.timestamp())


@given(TIMES)
def test_an_epoch_may_count_seconds_or_milliseconds(when: datetime) -> None:
    seconds = when.timestamp()
    assert moment(str(int(seconds))) == int(seconds)
    assert moment(f"{seconds:.6f}") == pytest.approx(seconds, abs=1e-5)
    assert moment(str(int(seconds * 1000))) == pytest.approx(seconds, abs=1e-2)
    assert moment(f"{seconds * 1000:.3f}") == pytest.approx(seconds, abs=1e-2)


def test_an_epoch_of_twelve_digits_counts_milliseconds() -> None:
    assert moment("99999999999") == 99_999_999_999
    assert moment("100000000000") == 100_000_000


@given(st.text())
def test_whatever_a_stamp_holds_it_is_a_moment_or_none(stamp: str) -> None:
    assert moment(stamp) is None or isinstance(moment(stamp), float)


@pytest.mark.parametrize("stamp", ["", "yesterday", "12:00", "1234", "१८००००००००", "Mon Jan 15"])
def test_what_is_neither_iso_nor_epoch_is_no_moment(stamp: str) -> None:
    assert moment(stamp) is None


@pytest.mark.parametrize(
    ("stamp", "within"),
    [
        ("1799999995", True),
        ("1799999994.9", False),
        ("1800000007", True),
        ("1800000007.1", False),
        ("1800000001000", True),
        ("2027-01-15T08:00:01Z", True),
        ("2027-01-15T08:00:01.500", True),
        ("2027-01-15T10:00:01+02:00", True),
        ("2027-01-15T08:00:01+02:00", False),
        ("2027-01-15", False),
        ("never", False),
    ],
)
def test_a_stamp_lies_within_the_upload_give_or_take_five_seconds(stamp: str, within: bool) -> None:
    found = problems(Timestamp=stamp)
    assert found == (
        [] if within else [f"Timestamp: expected a time of this upload, found {stamp!r}"]
    )


def test_local_time_does_not_sway_a_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment("2027-01-15T08:00:00") == 1_800_000_000
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_item_can_be_judged_before_all_items_were_seen() -> None:
    unfinished = SEEN | {"audited_ms": None}
    assert audit_item_problems(ITEM, *BUCKETS, unfinished) == []
    early = audit_item_problems(ITEM | {"Timestamp": "1799999000"}, *BUCKETS, unfinished)
    assert early == ["Timestamp: expected a time of this upload, found '1799999000'"]


def test_a_timeline_tells_the_stages_that_were_seen_from_the_upload_on() -> None:
    seen = {"uploaded_ms": 100, "invoked_ms": 112, "copied_ms": 150, "audited_ms": None}
    assert timeline(seen) == "uploaded 0 ms → invoked 12 ms → copied 50 ms"
    assert timeline(seen | {"audited_ms": 175}).endswith("→ audited 75 ms")
