"""The file-metadata lab's Lambda function, on real boto3 clients whose requests stay inside.

What it has in common with the other functions is in ``test_function_contract.py``.
"""

import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes import refusal
from tests.support.function_fakes import (
    CONTEXT,
    FILES,
    KEYS,
    ONE_FUNCTION,
    SECRET,
    FakeService,
    Uploads,
    clients_of,
    condition_holds,
    load,
    only,
    run_without_uploads,
)
from tests.support.function_fakes import offline as offline
from tests.support.function_fakes import printed as printed
from tests.support.function_fakes import run as run

SOURCE = FILES / "file-metadata.py"
TOPIC_ARN = "arn:aws:sns:us-east-1:111111111111:uploads"
UPLOADS = Uploads("uploads", "data.csv")
event, bridged = UPLOADS.event, UPLOADS.bridged
SEQUENCERS = st.text("0123456789ABCDEF", min_size=1, max_size=24)


class FakeAws(FakeService):
    """A bucket, a table and a topic."""

    def __init__(self) -> None:
        super().__init__(
            PutItem=self._put_item,
            Publish={"MessageId": "1"},
            HeadObject={
                "ContentLength": 99,
                "ETag": '"head"',
                "LastModified": datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC),
            },
        )
        self.items: dict[tuple[str, ...], dict[str, Any]] = {}
        self.keys = ["ObjectKey"]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(params["Message"]) for params in self.of("Publish")]

    def _put_item(self, params: dict[str, Any]) -> Any:
        assert params["TableName"] == "table"
        key = tuple(params["Item"][name]["S"] for name in self.keys)
        old = self.items.get(key, {})
        if not condition_holds(params, old):
            refused = refusal("ConditionalCheckFailedException", "PutItem", "refused")
            if params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                refused.response["Item"] = old  # type: ignore[typeddict-unknown-key]
            return refused
        self.items[key] = params["Item"]
        return {}


def record(key: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the record S3 sends for an upload, without the parts of its object that are None."""
    made = UPLOADS.record(key, **changes)
    stored = made["s3"]["object"]
    made["s3"]["object"] = {name: value for name, value in stored.items() if value is not None}
    return made


@pytest.fixture(scope="module")
def function(offline: None) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TABLE_NAME", "table")
        patch.delenv("TOPIC_ARN", raising=False)
        yield load(SOURCE)


@pytest.fixture
def aws(function: ModuleType) -> Iterator[FakeAws]:
    with FakeAws().listening_to(*clients_of(function)) as fake:
        yield fake


@pytest.fixture
def topic(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "TOPIC_ARN", TOPIC_ARN)


def plain(item: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: only(value.values()) for name, value in item.items()}


class TestFile:
    def test_takes_the_topic_from_its_variable(
        self, offline: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TABLE_NAME", "table")
        monkeypatch.setenv("TOPIC_ARN", TOPIC_ARN)
        module = load(SOURCE)
        with FakeAws().listening_to(*clients_of(module)) as fake:
            module.lambda_handler(event(), CONTEXT)
        assert only(fake.of("Publish"))["TopicArn"] == TOPIC_ARN


class TestItem:
    def test_says_of_an_s3_event_what_was_uploaded_where_and_when(
        self, run: Any, aws: FakeAws
    ) -> None:
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        run(event(record("in/a b.csv", size=1234567890123)))
        item = only(aws.items.values())
        processed = item.pop("ProcessedAt")["S"]
        assert item == {
            "ObjectKey": {"S": "in/a b.csv"},
            "BucketName": {"S": "uploads"},
            "FileSize": {"N": "1234567890123"},
            "ETag": {"S": "d41d8cd98f00b204e9800998ecf8427e"},
            "UploadTime": {"S": "2026-01-02T03:04:05.678Z"},
            "Sequencer": {"S": "0055AED6DCD90281E500000000000000"},
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", processed)
        assert before <= datetime.fromisoformat(processed) <= datetime.now(UTC)

    def test_of_an_eventbridge_event_has_the_same_form(self, run: Any, aws: FakeAws) -> None:
        run(bridged("in/a+b %25.csv", size=7))
        item = plain(only(aws.items.values()))
        del item["ProcessedAt"]
        assert item == {
            "ObjectKey": "in/a+b %25.csv",
            "BucketName": "uploads",
            "FileSize": "7",
            "ETag": "d41d8c",
            "UploadTime": "2026-01-02T03:04:05.000Z",
            "Sequencer": "0055AED6DCD90281E500000000000000",
        }

    @ONE_FUNCTION
    @given(
        key=KEYS,
        size=st.integers(0, 50 * 1024**4),
        is_bridged=st.booleans(),
    )
    def test_has_any_key_and_size_as_uploaded(
        self, function: ModuleType, aws: FakeAws, key: str, size: int, is_bridged: bool
    ) -> None:
        aws.items.clear()
        direct = event(record(key, size=size))
        function.lambda_handler(bridged(key, size=size) if is_bridged else direct, CONTEXT)
        item = only(aws.items.values())
        assert (item["ObjectKey"], item["FileSize"]) == ({"S": key}, {"N": str(size)})

    def test_of_an_empty_object_or_folder_marker_is_written_without_asking_s3(
        self, run: Any, aws: FakeAws
    ) -> None:
        assert run(event(record("photos/", size=0))) == {"processed": 1, "keys": ["photos/"]}
        assert plain(only(aws.items.values()))["FileSize"] == "0"
        assert {name for name, _ in aws.calls} == {"PutItem"}

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            (
                {"size": None},
                ("99", "d41d8cd98f00b204e9800998ecf8427e", "2026-01-02T03:04:05.678Z"),
            ),
            ({"eTag": None}, ("3", "head", "2026-01-02T03:04:05.678Z")),
            ({"time": None}, ("3", "d41d8cd98f00b204e9800998ecf8427e", "2026-05-06T07:08:09.000Z")),
            ({"eTag": '"quoted"'}, ("3", "quoted", "2026-01-02T03:04:05.678Z")),
            (
                {"time": "2026-01-02T04:04:05+01:00"},
                ("3", "d41d8cd98f00b204e9800998ecf8427e", "2026-01-02T03:04:05.000Z"),
            ),
        ],
        ids=["size", "etag", "time", "quotes", "offset"],
    )
    def test_takes_from_s3_only_what_the_event_lacks(
        self, run: Any, aws: FakeAws, changes: dict[str, Any], expected: tuple[str, ...]
    ) -> None:
        run(event(record("a b", **changes)))
        item = plain(only(aws.items.values()))
        assert (item["FileSize"], item["ETag"], item["UploadTime"]) == expected
        asked = aws.of("HeadObject")
        assert asked == ([{"Bucket": "uploads", "Key": "a b"}] if None in changes.values() else [])

    def test_has_times_in_utc_wherever_the_function_runs(
        self, run: Any, aws: FakeAws, function: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        east = datetime(2026, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
        aws.answers["HeadObject"]["LastModified"] = east
        run(event(record(time=None)))
        assert plain(only(aws.items.values()))["UploadTime"] == "2026-05-06T05:08:09.000Z"


class TestOrder:
    @pytest.mark.parametrize(
        ("older", "newer"),
        [
            ("0055AED6DCD90281E5", "0055AED6DCD90281E6"),
            ("0055AED6DCD90281E5", "0055AED6DCD90281E50000000001"),
            ("9", "A"),
            ("0F", "1"),
            ("0055aed6dcd90281ef", "0055AED6DCD90281F0"),
            ("0055AED6DCD90281EF", "0055aed6dcd90281f0"),
            ("0055aed6dcd90281e5", "0055AED6DCD90281E500000000A"),
        ],
    )
    def test_of_delivery_does_not_matter_the_greater_sequencer_stays(
        self, run: Any, aws: FakeAws, older: str, newer: str
    ) -> None:
        first, second = record(size=1, sequencer=older), record(size=2, sequencer=newer)
        for deliveries in itertools.permutations([first, second, first, second]):
            aws.items.clear()
            for delivery in deliveries:
                run(event(delivery))
            assert plain(only(aws.items.values()))["FileSize"] == "2"

    @ONE_FUNCTION
    @given(sequencers=st.lists(SEQUENCERS, min_size=1, max_size=6), data=st.data())
    def test_of_any_deliveries_ends_with_the_newest_upload(
        self, function: ModuleType, aws: FakeAws, sequencers: list[str], data: st.DataObject
    ) -> None:
        aws.items.clear()
        padded = [sequencer.ljust(99, "0") for sequencer in sequencers]
        newest = padded.index(max(padded))
        deliveries = [(i, s) for i, s in enumerate(sequencers) if s != sequencers[newest]]
        deliveries = data.draw(st.permutations([*deliveries, (newest, sequencers[newest])]))
        for size, sequencer in deliveries:
            function.lambda_handler(event(record(size=size, sequencer=sequencer)), CONTEXT)
        stands = plain(only(aws.items.values()))
        assert stands["Sequencer"].ljust(99, "0") == padded[newest]

    def test_is_by_time_for_events_without_a_sequencer(self, run: Any, aws: FakeAws) -> None:
        for size, second in enumerate(["01.000", "03.000", "02.999"]):
            time = f"2026-01-02T03:04:{second}Z"
            run(event(record(size=size, sequencer=None, time=time)))
        item = plain(only(aws.items.values()))
        assert (item["FileSize"], "Sequencer" in item) == ("1", False)

    def test_of_one_key_says_nothing_of_another(self, run: Any, aws: FakeAws) -> None:
        run(event(record("a", sequencer="2"), record("b", sequencer="1")))
        assert {key for key, *_ in aws.items} == {"a", "b"}

    def test_of_one_bucket_says_nothing_of_another(self, run: Any, aws: FakeAws) -> None:
        run(event(record(bucket="one", sequencer="2"), record(bucket="two", sequencer="1")))
        assert plain(only(aws.items.values()))["BucketName"] == "two"

    def test_is_kept_per_bucket_where_the_table_has_the_sort_key(
        self, run: Any, aws: FakeAws
    ) -> None:
        aws.keys = ["ObjectKey", "BucketName"]
        run(event(record(bucket="one", sequencer="2"), record(bucket="two", sequencer="1")))
        run(event(record(bucket="one", sequencer="1", size=9)))
        assert {key: plain(item)["FileSize"] for key, item in aws.items.items()} == {
            ("data.csv", "one"): "3",
            ("data.csv", "two"): "3",
        }


class TestDelivery:
    def test_of_one_event_twice_leaves_the_item_untouched(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        run(event())
        first = dict(aws.items)
        assert run(event()) == {"processed": 1, "keys": ["data.csv"]}
        assert aws.items == first
        lines = [(line["level"], line["message"]) for line in printed()]
        assert lines == [("INFO", "recorded"), ("INFO", "recorded before")]

    def test_by_s3_and_by_eventbridge_of_one_upload_leaves_one_item(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        run(event())
        first = dict(aws.items)
        run(bridged())
        assert aws.items == first
        assert len(aws.messages) == 1

    def test_that_comes_late_is_told(self, run: Any, printed: Any) -> None:
        run(event(record(sequencer="2")))
        run(event(record(sequencer="1")))
        assert "older than the item" in printed()[1]["message"]


class TestMessage:
    def test_is_the_item_as_json_under_a_short_subject(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        run(event(record("é b.csv")))
        sent = only(aws.of("Publish"))
        assert sent["TopicArn"] == TOPIC_ARN
        assert re.fullmatch(r"[A-Za-z][ -~]{0,39}", sent["Subject"])
        item = plain(only(aws.items.values()))
        assert json.loads(sent["Message"]) == {**item, "FileSize": 3}
        assert item["ObjectKey"] == "é b.csv"

    def test_is_not_sent_without_a_topic(self, run: Any, aws: FakeAws) -> None:
        run(event())
        assert [name for name, _ in aws.calls] == ["PutItem"]

    def test_is_sent_once_for_each_upload_however_often_it_is_delivered(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        uploads = [record("a", sequencer="1"), record("a", sequencer="2"), record("b")]
        for upload in uploads:
            run(event(upload, upload))
            run(event(upload))
        assert [(m["ObjectKey"], m["Sequencer"][0]) for m in aws.messages] == [
            ("a", "1"),
            ("a", "2"),
            ("b", "0"),
        ]

    def test_is_sent_for_an_upload_whose_event_comes_after_a_newer_one(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        run(event(record(sequencer="2", size=2)))
        run(event(record(sequencer="1", size=1)))
        assert [message["FileSize"] for message in aws.messages] == [2, 1]
        assert plain(only(aws.items.values()))["FileSize"] == "2"
        assert len(aws.of("PutItem")) == 3

    def test_that_still_waits_protects_its_item_from_an_older_upload(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        aws.deny("Publish", "Throttled")
        for sequencer in ("2", "1"):
            with pytest.raises(ClientError, match="Throttled"):
                run(event(record(sequencer=sequencer, size=int(sequencer))))
        assert plain(only(aws.items.values()))["FileSize"] == "2"

    def test_that_failed_is_sent_by_the_retry_and_then_never_again(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        working, aws.answers["Publish"] = aws.answers["Publish"], refusal("Throttled", "Publish")
        with pytest.raises(ClientError, match="Throttled"):
            run(event())
        aws.answers["Publish"] = working
        aws.calls.clear()
        for _ in range(3):
            run(event())
        assert len(aws.messages) == 1
        assert "NotificationPending" not in only(aws.items.values())

    def test_is_sent_by_the_retry_where_the_function_died_in_between(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        aws.answers["Publish"] = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            run(event())
        aws.answers["Publish"] = {"MessageId": "1"}
        aws.calls.clear()
        run(event())
        assert len(aws.messages) == 1

    def test_is_sent_after_the_item_was_written(self, run: Any, aws: FakeAws, topic: None) -> None:
        aws.deny("PutItem", "AccessDeniedException")
        with pytest.raises(ClientError):
            run(event())
        assert not aws.messages

    def test_of_an_older_upload_never_brings_its_item_back(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        def overtake(_: dict[str, Any]) -> dict[str, str]:
            aws.answers["Publish"] = {"MessageId": "2"}
            run(event(record(sequencer="2", size=2)))
            return {"MessageId": "1"}

        aws.answers["Publish"] = overtake
        run(event(record(sequencer="1", size=1)))
        assert plain(only(aws.items.values()))["FileSize"] == "2"
        assert len(aws.messages) == 2


class TestFailure:
    def test_of_one_item_is_raised_after_the_others_were_written(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        put = aws.answers["PutItem"]
        refused = refusal("AccessDeniedException", "PutItem", "no dynamodb:PutItem")
        aws.answers["PutItem"] = lambda params: (
            refused if params["Item"]["ObjectKey"] == {"S": "b"} else put(params)
        )
        with pytest.raises(ClientError, match="no dynamodb:PutItem"):
            run(event(record("a"), record("b"), record("c")))
        assert {key for (key,) in aws.items} == {"a", "c"}
        line = only(line for line in printed() if line["level"] == "ERROR")
        assert (line["key"], line["error_code"]) == ("b", "AccessDeniedException")
        assert (line["bucket"], line["request_id"]) == ("uploads", "request-1")
        assert "no dynamodb:PutItem" in line["error"]

    @pytest.mark.parametrize(
        ("code", "shown"), [("403", "AccessDenied"), ("404", "404"), ("SlowDown", "SlowDown")]
    )
    def test_of_a_head_request_is_logged_and_raised(
        self, run: Any, aws: FakeAws, printed: Any, code: str, shown: str
    ) -> None:
        aws.deny("HeadObject", code)
        with pytest.raises(ClientError):
            run(event(record(size=None)))
        assert only(printed())["error_code"] == shown
        assert not aws.items


class TestLog:
    def test_names_the_upload_and_the_request(self, run: Any, printed: Any) -> None:
        run(event(record("é b.csv")))
        assert only(printed()) == {
            "level": "INFO",
            "message": "recorded",
            "bucket": "uploads",
            "key": "é b.csv",
            "request_id": "request-1",
        }

    def test_never_shows_the_event(self, run: Any, aws: FakeAws, capsys: Any) -> None:
        run(event())
        run(bridged())
        aws.deny("PutItem", "AccessDeniedException")
        with pytest.raises(ClientError):
            run(event())
        refused = run_without_uploads(run)
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err + refused
