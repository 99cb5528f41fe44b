"""The file-metadata lab's Lambda function, on real boto3 clients whose requests stay inside."""

import ast
import importlib.util
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SOURCE = Path(__file__).parents[2] / "files" / "file-metadata.py"
CONTEXT = SimpleNamespace(aws_request_id="request-1")
TOPIC_ARN = "arn:aws:sns:us-east-1:111111111111:uploads"
SECRET = "never-print-the-event"
SEQUENCERS = st.text("0123456789ABCDEF", min_size=1, max_size=24)


class FakeAws:
    """Answers botocore's requests after it validated them; its table evaluates conditions."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.items: dict[tuple[str, ...], dict[str, Any]] = {}
        self.keys = ["ObjectKey"]
        self.answers: dict[str, Any] = {
            "PutItem": self._put_item,
            "Publish": {"MessageId": "1"},
            "HeadObject": {
                "ContentLength": 99,
                "ETag": '"head"',
                "LastModified": datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC),
            },
        }

    @contextmanager
    def listening_to(self, *clients: Any) -> Iterator[Self]:
        handlers = {"provide-client-params": self._remember, "before-call": self._answer}
        for client, name in itertools.product(clients, handlers):
            client.meta.events.register(name, handlers[name])
        yield self
        for client, name in itertools.product(clients, handlers):
            client.meta.events.unregister(name, handlers[name])

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == operation]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(params["Message"]) for params in self.of("Publish")]

    def _remember(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, json.loads(json.dumps(params))))

    def _answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        answer = self.answers[model.name]
        reply = answer(self.of(model.name)[-1]) if callable(answer) else answer
        if isinstance(reply, ClientError):
            return SimpleNamespace(status_code=400), reply.response
        if isinstance(reply, BaseException):
            raise reply
        return SimpleNamespace(status_code=200), reply

    def _put_item(self, params: dict[str, Any]) -> Any:
        assert params["TableName"] == "table"
        key = tuple(params["Item"][name]["S"] for name in self.keys)
        old = self.items.get(key, {})
        if not self._condition_holds(params, old):
            refusal = failure("PutItem", "ConditionalCheckFailedException", "refused")
            if params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                refusal.response["Item"] = old  # type: ignore[typeddict-unknown-key]
            return refusal
        self.items[key] = params["Item"]
        return {}

    @staticmethod
    def _condition_holds(params: dict[str, Any], old: dict[str, Any]) -> bool:
        """Evaluate terms joined by AND, and those, perhaps in parentheses, joined by OR."""
        names = params["ExpressionAttributeNames"]
        values = params["ExpressionAttributeValues"]
        expression = params["ConditionExpression"]
        assert all(name in expression for name in [*names, *values]), "DynamoDB refuses unused ones"

        def holds(term: str) -> bool:
            if match := re.fullmatch(r"attribute_(not_)?exists\((\S+)\)", term):
                return (names.get(match[2], match[2]) in old) != bool(match[1])
            match = re.fullmatch(r"(\S+) (=|<>|<) (\S+)", term)
            assert match, f"this fake cannot evaluate {term!r}"
            if (held := old.get(names.get(match[1], match[1]))) is None:
                return False
            left, right = held["S"].encode(), values[match[3]]["S"].encode()
            return {"=": left == right, "<>": left != right, "<": left < right}[match[2]]

        clauses = [re.sub(r"^\((.*)\)$", r"\1", clause) for clause in expression.split(" OR ")]
        return any(all(holds(term) for term in clause.split(" AND ")) for clause in clauses)


def failure(operation: str, code: str, message: str = "Not allowed") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def record(key: str = "data.csv", *, quoted: bool = False, **changes: Any) -> dict[str, Any]:
    """Return the record S3 sends for an upload; `changes` go to its object part, None removes."""
    bucket, name = changes.pop("bucket", "uploads"), changes.pop("name", "ObjectCreated:Put")
    time = changes.pop("time", "2026-01-02T03:04:05.678Z")
    stored = {
        "key": key if quoted else quote_plus(key, safe="/"),
        "size": 3,
        "eTag": "d41d8cd98f00b204e9800998ecf8427e",
        "sequencer": "0055AED6DCD90281E5",
        **changes,
    }
    return {
        "eventName": name,
        "eventTime": time,
        "userIdentity": {"principalId": SECRET},
        "s3": {
            "bucket": {"name": bucket},
            "object": {name: value for name, value in stored.items() if value is not None},
        },
    }


def event(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records or [record()])}


def bridged(key: str = "data.csv", kind: str = "Object Created", **changes: Any) -> dict[str, Any]:
    """Return the event that EventBridge delivers for an upload."""
    stored = {"key": key, "size": 3, "etag": "d41d8c", "sequencer": "0055aed6dcd90281e5"}
    return {
        "source": "aws.s3",
        "detail-type": kind,
        "time": "2026-01-02T03:04:05Z",
        "detail": {"bucket": {"name": "uploads"}, "object": {**stored, **changes}, "id": SECRET},
    }


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("file_metadata", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Made-up credentials, and one session for all tests: reading the service models is slow."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, str(tmp_path_factory.getbasetemp() / "absent"))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())
        patch.setattr(sys, "dont_write_bytecode", True)
        yield


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever would open a connection after all."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a unit test reached for the network")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", refuse)


@pytest.fixture(scope="module")
def function(credentials: None) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TABLE_NAME", "table")
        patch.delenv("TOPIC_ARN", raising=False)
        yield load(SOURCE)


@pytest.fixture
def aws(function: ModuleType) -> Iterator[FakeAws]:
    with FakeAws().listening_to(function.s3, function.dynamodb, function.sns) as fake:
        yield fake


@pytest.fixture
def topic(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "TOPIC_ARN", TOPIC_ARN)


@pytest.fixture
def run(function: ModuleType, aws: FakeAws) -> Callable[..., Any]:
    """Invoke the handler as Lambda does: with an event that went through JSON."""
    return lambda given_event: function.lambda_handler(json.loads(json.dumps(given_event)), CONTEXT)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def only(items: Any) -> Any:
    (item,) = items
    return item


def plain(item: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: only(value.values()) for name, value in item.items()}


class TestFile:
    def test_needs_only_boto_and_the_standard_library_of_python_3_11(self) -> None:
        tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 11))
        nodes = list(ast.walk(tree))
        names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module or "." for n in nodes if isinstance(n, ast.ImportFrom)}
        packages = {name.split(".")[0] for name in names}
        assert packages <= {"boto3", "botocore", *sys.stdlib_module_names}

    def test_loads_without_its_variable_and_asks_for_it_when_invoked(
        self, credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TABLE_NAME", raising=False)
        module = load(SOURCE)
        with (
            FakeAws().listening_to(module.s3, module.dynamodb, module.sns) as fake,
            pytest.raises(RuntimeError, match=r"^TABLE_NAME is not set: [^.\n]+\.$"),
        ):
            module.lambda_handler(event(), CONTEXT)
        assert fake.calls == []

    def test_takes_the_topic_from_its_variable(
        self, credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TABLE_NAME", "table")
        monkeypatch.setenv("TOPIC_ARN", TOPIC_ARN)
        module = load(SOURCE)
        with FakeAws().listening_to(module.s3, module.dynamodb, module.sns) as fake:
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

    @pytest.mark.parametrize(
        ("quoted", "key"),
        [
            ("red+flower.jpg", "red flower.jpg"),
            ("a%2Bb.zip", "a+b.zip"),
            ("100%2525.zip", "100%25.zip"),
            ("r%C3%A9sum%C3%A9/%E6%97%A5.csv", "résumé/日.csv"),
        ],
    )
    def test_has_the_decoded_key(self, run: Any, aws: FakeAws, quoted: str, key: str) -> None:
        assert run(event(record(quoted, quoted=True)))["keys"] == [key]
        assert only(aws.items.values())["ObjectKey"] == {"S": key}

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256),
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

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        aws.answers["Publish"] = failure("Publish", "Throttled")
        for sequencer in ("2", "1"):
            with pytest.raises(ClientError, match="Throttled"):
                run(event(record(sequencer=sequencer, size=int(sequencer))))
        assert plain(only(aws.items.values()))["FileSize"] == "2"

    def test_that_failed_is_sent_by_the_retry_and_then_never_again(
        self, run: Any, aws: FakeAws, topic: None
    ) -> None:
        working, aws.answers["Publish"] = aws.answers["Publish"], failure("Publish", "Throttled")
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
        aws.answers["PutItem"] = failure("PutItem", "AccessDeniedException")
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
        refusal = failure("PutItem", "AccessDeniedException", "no dynamodb:PutItem")
        aws.answers["PutItem"] = lambda params: (
            refusal if params["Item"]["ObjectKey"] == {"S": "b"} else put(params)
        )
        with pytest.raises(ClientError, match="no dynamodb:PutItem"):
            run(event(record("a"), record("b"), record("c")))
        assert {key for (key,) in aws.items} == {"a", "c"}
        line = only(line for line in printed() if line["level"] == "ERROR")
        assert (line["key"], line["error_code"]) == ("b", "AccessDeniedException")
        assert (line["bucket"], line["request_id"]) == ("uploads", "request-1")
        assert "no dynamodb:PutItem" in line["error"]

    def test_of_several_raises_the_first_and_logs_all(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.answers["PutItem"] = lambda p: failure("PutItem", p["Item"]["ObjectKey"]["S"])
        with pytest.raises(ClientError, match="FirstCode"):
            run(event(record("FirstCode"), record("SecondCode")))
        assert [line["error_code"] for line in printed()] == ["FirstCode", "SecondCode"]

    @pytest.mark.parametrize(
        ("code", "shown"), [("403", "AccessDenied"), ("404", "404"), ("SlowDown", "SlowDown")]
    )
    def test_of_a_head_request_is_logged_and_raised(
        self, run: Any, aws: FakeAws, printed: Any, code: str, shown: str
    ) -> None:
        aws.answers["HeadObject"] = failure("HeadObject", code)
        with pytest.raises(ClientError):
            run(event(record(size=None)))
        assert only(printed())["error_code"] == shown
        assert not aws.items

    def test_that_is_not_an_aws_error_is_raised_too(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.answers["PutItem"] = OSError("connection lost " + "x" * 500_000)
        with pytest.raises(OSError, match="connection lost"):
            run(event())
        line = only(printed())
        assert line["error_code"] == "OSError"
        assert 500 < len(line["error"]) < 2000


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

    def test_keeps_one_line_for_each_message(self, run: Any, capsys: Any) -> None:
        run(event(record("two\nlines.csv")))
        assert len(capsys.readouterr().out.splitlines()) == 1

    def test_never_shows_the_event(self, run: Any, aws: FakeAws, capsys: Any) -> None:
        run(event())
        run(bridged())
        aws.answers["PutItem"] = failure("PutItem", "AccessDeniedException")
        with pytest.raises(ClientError):
            run(event())
        run({"Event": "s3:TestEvent", "HostId": SECRET})
        with pytest.raises(ValueError, match="no S3 records") as raised:
            run({"HostId": SECRET})
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err + str(raised.value)


class TestEvents:
    @pytest.mark.parametrize(
        "other",
        [
            {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"},
            bridged(kind="Object Deleted"),
            event(record(name="ObjectRemoved:DeleteMarkerCreated")),
        ],
    )
    def test_of_no_new_object_are_accepted_and_do_nothing(
        self, run: Any, aws: FakeAws, printed: Any, topic: None, other: dict[str, Any]
    ) -> None:
        assert run(other) == {"processed": 0, "keys": []}
        line = only(printed())
        assert (line["level"], line["request_id"]) == ("INFO", "request-1")
        assert "no new object" in line["message"]
        assert aws.calls == []

    @pytest.mark.parametrize("kind", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
    def test_of_every_kind_of_upload_are_taken(self, run: Any, aws: FakeAws, kind: str) -> None:
        run(event(record(name=f"ObjectCreated:{kind}", eTag="d41d8c-2")))
        assert plain(only(aws.items.values()))["ETag"] == "d41d8c-2"

    @pytest.mark.parametrize(
        "wrong", [{}, {"Records": []}, {"Records": [{"body": "{}"}]}, {"detail": {}}, [], None]
    )
    def test_without_s3_records_are_refused_with_a_hint_at_the_trigger(
        self, run: Any, aws: FakeAws, wrong: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"no S3 records.*trigger"):
            run(wrong)
        assert aws.calls == []
