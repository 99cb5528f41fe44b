"""What all functions of the labs do alike, whatever they do with an upload.

The events they take and refuse, the order of their work, their errors and their log lines; and
what the two that copy have in common. What each does alone is in its own test file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes import refusal
from tests.support.function_fakes import (
    FILES,
    GIB,
    KEYS,
    ONE_FUNCTION,
    QUOTED_KEYS,
    SECRET,
    FakeS3,
    Uploads,
    clients_of,
    foreign_packages,
    load,
    only,
    run_without_uploads,
)
from tests.support.function_fakes import offline as offline
from tests.support.function_fakes import printed as printed

UPLOADS = Uploads("uploads", "data.csv")
record, event, bridged = UPLOADS.record, UPLOADS.event, UPLOADS.bridged
CONTEXT = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 300_000)
DESTINATION = "copies"
Reads = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Case:
    """A function, and the operation by which it takes hold of an upload."""

    file: str
    operation: str
    done: str
    key_of: Reads = lambda params: str(params["Key"])
    names: dict[str, str] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)

    @property
    def is_copy(self) -> bool:
        return self.operation == "CopyObject"

    @property
    def takes_eventbridge(self) -> bool:
        return not self.placeholders

    def source(self, folder: Path) -> Path:
        """The function's file as it is deployed, with its placeholders replaced."""
        text = (FILES / self.file).read_text("utf-8")
        for placeholder, name in self.placeholders.items():
            text = text.replace(placeholder, name)
        path = folder / self.file
        path.write_text(text, "utf-8")
        return path


CASES = [
    Case(
        "lambda-function.py",
        "CopyObject",
        "copied",
        placeholders={
            "REPLACE-WITH-YOUR-DYNAMODB-TABLE": "table",
            "REPLACE-WITH-YOUR-PRIVATE-BUCKET": DESTINATION,
        },
    ),
    Case("event-copy.py", "CopyObject", "copied", names={"DESTINATION_BUCKET": DESTINATION}),
    Case(
        "file-metadata.py",
        "PutItem",
        "processed",
        key_of=lambda params: str(params["Item"]["ObjectKey"]["S"]),
        names={"TABLE_NAME": "table"},
    ),
    Case("secure-ingestion.py", "GetObject", "ingested", names={"TABLE_NAME": "table"}),
]
NAMES = [case.file for case in CASES]
COPIES = [case.file for case in CASES if case.is_copy]
VERSIONED = [case.file for case in CASES if case.operation != "PutItem"]
BRIDGED = [case.file for case in CASES if case.takes_eventbridge]
of_all = pytest.mark.parametrize("case", NAMES, indirect=True)
of_copies = pytest.mark.parametrize("case", COPIES, indirect=True)
of_those_with_eventbridge = pytest.mark.parametrize("case", BRIDGED, indirect=True)
of_those_that_read_a_version = pytest.mark.parametrize("case", VERSIONED, indirect=True)


class FakeAws(FakeS3):
    """An account in which every call of every function succeeds."""

    def __init__(self) -> None:
        super().__init__(
            PutItem={}, Publish={"MessageId": "1"}, GetObject=self._get, BatchWriteItem={}
        )

    @staticmethod
    def _get(_: dict[str, Any]) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"[]"), "ContentLength": 2}


@dataclass(frozen=True)
class Deployed:
    """A function that runs, in an account that remembers what it is asked."""

    case: Case
    module: ModuleType
    aws: FakeAws

    def run(self, given_event: Any) -> Any:
        """Invoke the handler as Lambda does: with an event that went through JSON."""
        return self.module.lambda_handler(json.loads(json.dumps(given_event)), CONTEXT)

    def taken(self) -> list[dict[str, Any]]:
        return self.aws.of(self.case.operation)

    def keys(self) -> list[str]:
        return [self.case.key_of(params) for params in self.taken()]

    def refuse(self, key: str, error: Exception) -> None:
        """Let the operation fail for one key."""
        works = self.aws.answers[self.case.operation]

        def answer(params: dict[str, Any]) -> Any:
            if self.case.key_of(params) == key:
                return error
            return works(params) if callable(works) else works

        self.aws.answers[self.case.operation] = answer


@pytest.fixture(scope="module")
def deployed(offline: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    folder, modules = tmp_path_factory.mktemp("functions"), {}
    for case in CASES:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("TOPIC_ARN", raising=False)
            for name, value in case.names.items():
                patch.setenv(name, value)
            modules[case.file] = load(case.source(folder))
    return modules


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    return next(case for case in CASES if case.file == request.param)


@pytest.fixture
def function(case: Case, deployed: dict[str, ModuleType]) -> Iterator[Deployed]:
    module = deployed[case.file]
    with FakeAws().listening_to(*clients_of(module)) as aws:
        yield Deployed(case, module, aws)


@of_all
def test_needs_only_boto_and_the_standard_library_of_python_3_11(case: Case) -> None:
    assert not foreign_packages(FILES / case.file)


@of_those_with_eventbridge
@pytest.mark.parametrize("value", [None, ""])
def test_loads_without_its_variable_and_asks_for_it_when_invoked(
    case: Case, offline: None, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    (name,) = case.names
    monkeypatch.delenv(name, raising=False)
    if value is not None:
        monkeypatch.setenv(name, value)
    module = load(FILES / case.file)
    with (
        FakeAws().listening_to(*clients_of(module)) as aws,
        pytest.raises(RuntimeError, match=rf"^{name} is not set: [^.\n]+\.$"),
    ):
        module.lambda_handler(event(), CONTEXT)
    assert aws.calls == []


@of_all
class TestEvents:
    @pytest.mark.parametrize(
        ("quoted", "key"), [*QUOTED_KEYS, ("a+b%2Bc+%2525+%C3%A9.zip", "a b+c %25 é.zip")]
    )
    def test_of_s3_name_the_key_encoded(self, function: Deployed, quoted: str, key: str) -> None:
        assert function.run(event(record(quoted, quoted=True)))["keys"] == [key]
        assert function.keys() == [key]

    @ONE_FUNCTION
    @given(key=KEYS, is_bridged=st.booleans())
    def test_of_any_unicode_key_reach_it(
        self, function: Deployed, key: str, is_bridged: bool
    ) -> None:
        function.aws.calls.clear()
        is_bridged = is_bridged and function.case.takes_eventbridge
        result = function.run(bridged(key) if is_bridged else event(record(key)))
        assert result["keys"] == function.keys() == [key]

    def test_of_several_uploads_are_taken_in_turn(self, function: Deployed) -> None:
        result = function.run(event(record("a b.zip"), record("é.csv", sequencer="02")))
        assert json.loads(json.dumps(result)) == {
            function.case.done: 2,
            "keys": ["a b.zip", "é.csv"],
        }
        assert function.keys() == ["a b.zip", "é.csv"]

    @pytest.mark.parametrize("kind", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
    def test_of_every_kind_of_upload_are_taken(self, function: Deployed, kind: str) -> None:
        assert function.run(event(record(name=f"ObjectCreated:{kind}")))["keys"] == ["data.csv"]

    def test_of_a_folder_marker_are_taken(self, function: Deployed) -> None:
        function.aws.answers["HeadObject"] = {"ContentLength": 0, "ETag": '"etag"'}
        result = function.run(event(record("photos/", size=0)))
        assert result == {function.case.done: 1, "keys": ["photos/"]}
        assert function.keys() == ["photos/"]

    def test_of_a_new_trigger_do_nothing(self, function: Deployed, printed: Any) -> None:
        given_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}
        assert function.run(given_event) == {function.case.done: 0, "keys": []}
        line = only(printed())
        assert (line["level"], line["request_id"]) == ("INFO", "request-1")
        assert function.aws.calls == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"Records": []},
            {"Records": None},
            {"Event": "s3:OtherEvent"},
            {"detail": {}},
            {"detail-type": "Scheduled Event", "detail": {}},
            {"detail-type": "Object Created", "detail": {"object": {"key": "data.csv"}}},
            {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
            {"Records": [record(), {"Sns": {"Message": "{}"}}]},
            [],
            "text",
            None,
        ],
    )
    def test_without_s3_records_are_refused_with_a_hint_at_the_trigger(
        self, function: Deployed, wrong: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"^[^.\n]*no S3 records[^.\n]*trigger[^.\n]*\?$"):
            function.run(wrong)
        assert function.aws.calls == []


@of_those_with_eventbridge
class TestEventBridge:
    @pytest.mark.parametrize("key", ["a b.csv", "a+b.csv", "100%25.csv", "a%20b", "é/日+.csv"])
    def test_names_the_key_as_it_is(self, function: Deployed, key: str) -> None:
        assert function.run(bridged(key)) == {function.case.done: 1, "keys": [key]}
        assert function.keys() == [key]

    @pytest.mark.parametrize(
        "other",
        [
            bridged(kind="Object Deleted"),
            bridged(kind="Object Tags Added"),
            event(record(name="ObjectRemoved:DeleteMarkerCreated")),
            event(record(name="LifecycleExpiration:DeleteMarkerCreated")),
        ],
    )
    def test_of_no_new_object_does_nothing(
        self, function: Deployed, printed: Any, other: dict[str, Any]
    ) -> None:
        assert function.run(other) == {function.case.done: 0, "keys": []}
        line = only(printed())
        assert (line["level"], line["request_id"]) == ("INFO", "request-1")
        assert "no new object" in line["message"]
        assert function.aws.calls == []

    def test_events_written_by_hand_without_their_name_count_as_uploads(
        self, function: Deployed
    ) -> None:
        first, second = event(), bridged()
        del first["Records"][0]["eventName"], second["detail-type"]
        assert function.run(first)["keys"] == function.run(second)["keys"] == ["data.csv"]


@of_those_that_read_a_version
class TestVersion:
    @pytest.mark.parametrize("is_bridged", [False, True])
    def test_that_fired_is_read(self, function: Deployed, is_bridged: bool) -> None:
        is_bridged = is_bridged and function.case.takes_eventbridge
        direct = event(record(versionId="v-1"))
        function.run(bridged(**{"version-id": "v-1"}) if is_bridged else direct)
        assert self.version(only(function.taken())) == "v-1"

    @pytest.mark.parametrize("changes", [{}, {"versionId": None}, {"versionId": ""}])
    def test_is_not_named_where_the_event_has_none(
        self, function: Deployed, changes: dict[str, Any]
    ) -> None:
        function.run(event(record(**changes)))
        assert self.version(only(function.taken())) is None

    @staticmethod
    def version(params: dict[str, Any]) -> str | None:
        return params.get("CopySource", params).get("VersionId")


@of_all
class TestFailure:
    def test_of_one_upload_is_raised_after_the_others_were_taken(
        self, function: Deployed, printed: Any
    ) -> None:
        function.refuse("b", refusal("AccessDenied", function.case.operation, "Not allowed"))
        with pytest.raises(ClientError, match="AccessDenied"):
            function.run(event(record("a"), record("b"), record("c")))
        levels = {line["key"]: line["level"] for line in printed()}
        assert levels == {"a": "INFO", "b": "ERROR", "c": "INFO"}
        assert function.keys() == ["a", "b", "c"]

    def test_of_several_raises_the_first_and_logs_all(
        self, function: Deployed, printed: Any
    ) -> None:
        for code in ("FirstCode", "SecondCode"):
            function.refuse(code, refusal(code, function.case.operation))
        with pytest.raises(ClientError, match="FirstCode"):
            function.run(event(record("FirstCode"), record("SecondCode")))
        assert [line["error_code"] for line in printed()] == ["FirstCode", "SecondCode"]

    def test_is_logged_with_its_code_its_message_and_the_upload(
        self, function: Deployed, printed: Any
    ) -> None:
        error = refusal("AccessDenied", function.case.operation, "User is not authorized")
        function.refuse("data.csv", error)
        with pytest.raises(ClientError, match="User is not authorized"):
            function.run(event())
        line = only(printed())
        assert (line["level"], line["error_code"]) == ("ERROR", "AccessDenied")
        assert (line["bucket"], line["key"]) == ("uploads", "data.csv")
        assert line["request_id"] == "request-1"
        assert "User is not authorized" in line["error"]

    def test_that_is_not_an_aws_error_is_raised_too_and_its_line_stays_short(
        self, function: Deployed, printed: Any
    ) -> None:
        function.refuse("data.csv", OSError("connection lost " + "x" * 500_000))
        with pytest.raises(OSError, match="connection lost"):
            function.run(event())
        line = only(printed())
        assert line["error_code"] == "OSError"
        assert 500 < len(line["error"]) < 2000


@of_all
class TestLog:
    def test_names_the_upload_and_the_request_in_one_line(
        self, function: Deployed, capsys: Any
    ) -> None:
        function.run(event(record("two\nlines é.zip")))
        line = json.loads(only(capsys.readouterr().out.splitlines()))
        assert (line["level"], line["bucket"]) == ("INFO", "uploads")
        assert (line["key"], line["request_id"]) == ("two\nlines é.zip", "request-1")

    def test_never_shows_the_event(self, function: Deployed, capsys: Any) -> None:
        events = [event()]
        if function.case.takes_eventbridge:
            events += [bridged(), bridged(kind="Object Deleted")]
        for given_event in events:
            function.run(given_event)
        function.refuse("data.csv", refusal("AccessDenied", function.case.operation))
        with pytest.raises(ClientError):
            function.run(event())
        refused = run_without_uploads(function.run)
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err + refused


@of_copies
class TestCopy:
    def test_keeps_the_key_and_goes_to_the_destination(self, function: Deployed) -> None:
        function.run(event(record("in/data.csv")))
        copied = only(function.taken())
        assert (copied["Bucket"], copied["Key"]) == (DESTINATION, "in/data.csv")
        assert copied["CopySource"] == {"Bucket": "uploads", "Key": "in/data.csv"}

    @ONE_FUNCTION
    @given(key=KEYS, version_id=st.sampled_from([None, "v1"]))
    def test_names_any_key_in_its_header(
        self, function: Deployed, key: str, version_id: str | None
    ) -> None:
        function.aws.headers.clear()
        function.run(event(record(key, versionId=version_id)))
        sent = only(
            headers["x-amz-copy-source"]
            for name, headers in function.aws.headers
            if name == "CopyObject"
        )
        assert unquote(sent.removesuffix("?versionId=v1") if version_id else sent) == (
            f"uploads/{key}"
        )

    @pytest.mark.parametrize("size", [0, 3, 100 * 1024**2, GIB - 1])
    def test_is_one_request_below_1_gib_so_that_metadata_and_tags_come_along(
        self, function: Deployed, size: int
    ) -> None:
        function.aws.answers["HeadObject"] = {"ContentLength": size, "ETag": '"etag"'}
        function.run(event())
        copied = only(function.taken())
        assert copied["TaggingDirective"] == "COPY"
        assert copied.get("MetadataDirective", "COPY") == "COPY"
        assert not function.aws.of("CreateMultipartUpload")

    @pytest.mark.parametrize("size", [GIB, 5 * GIB + 1])
    def test_is_made_in_parts_from_1_gib_on(self, function: Deployed, size: int) -> None:
        function.aws.answers["HeadObject"] = {"ContentLength": size, "ETag": '"etag"'}
        assert function.run(event(record(versionId="v1")))["keys"] == ["data.csv"]
        parts = function.aws.of("UploadPartCopy")
        ranges = sorted(
            tuple(map(int, part["CopySourceRange"].removeprefix("bytes=").split("-")))
            for part in parts
        )
        assert not function.taken()
        assert all(part["CopySource"]["VersionId"] == "v1" for part in parts)
        assert all(last - first < 5 * GIB for first, last in ranges)
        assert [first for first, _ in ranges] == [0, *(last + 1 for _, last in ranges[:-1])]
        assert ranges[-1][1] == size - 1

    def test_in_parts_carries_metadata_and_tags(self, function: Deployed) -> None:
        tags = [{"Key": "team", "Value": "blue"}]
        function.aws.answers["HeadObject"] = {
            "ContentLength": GIB,
            "ContentType": "text/csv",
            "Metadata": {"owner": "ann"},
            "ETag": '"etag"',
        }
        function.aws.answers["GetObjectTagging"] = {"TagSet": tags}
        function.run(event())
        created = only(function.aws.of("CreateMultipartUpload"))
        assert (created["ContentType"], created["Metadata"]) == ("text/csv", {"owner": "ann"})
        assert only(function.aws.of("PutObjectTagging"))["Tagging"] == {"TagSet": tags}

    def test_is_refused_where_source_and_destination_are_one_bucket(
        self, function: Deployed, printed: Any
    ) -> None:
        with pytest.raises(ValueError, match=rf"both {DESTINATION}: copies would loop\.$"):
            function.run(event(record(bucket=DESTINATION)))
        assert {name for name, _ in function.aws.calls} <= {"PutItem"}
        assert only(printed())["level"] == "ERROR"

    def test_calls_a_refused_head_request_access_denied(
        self, function: Deployed, printed: Any
    ) -> None:
        function.aws.deny("HeadObject", "403", "Forbidden")
        with pytest.raises(ClientError):
            function.run(event())
        assert only(printed())["error_code"] == "AccessDenied"

    def test_made_again_is_the_same_request(self, function: Deployed) -> None:
        for _ in range(2):
            assert function.run(event(record(versionId="v1")))["keys"] == ["data.csv"]
        first, second = function.taken()
        assert first == second
