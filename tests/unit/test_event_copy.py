"""The event-copy lab's Lambda function, on a real boto3 client whose requests stay inside."""

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes import refusal
from tests.support.function_fakes import (
    CONTEXT,
    FILES,
    GIB,
    KEYS,
    ONE_FUNCTION,
    QUOTED_KEYS,
    SECRET,
    FakeS3,
    Uploads,
    foreign_packages,
    load,
    only,
    run_without_uploads,
)
from tests.support.function_fakes import offline as offline
from tests.support.function_fakes import printed as printed
from tests.support.function_fakes import run as run

SOURCE = FILES / "event-copy.py"
UPLOADS = Uploads("source", "data.csv")
record, event, bridged = UPLOADS.record, UPLOADS.event, UPLOADS.bridged


@pytest.fixture(scope="module")
def function(offline: None) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESTINATION_BUCKET", "destination")
        yield load(SOURCE)


@pytest.fixture
def aws(function: ModuleType) -> Iterator[FakeS3]:
    with FakeS3().listening_to(function.s3) as fake:
        yield fake


class TestFile:
    def test_needs_only_boto_and_the_standard_library_of_python_3_11(self) -> None:
        assert not foreign_packages(SOURCE)

    @pytest.mark.parametrize("value", [None, ""])
    def test_loads_without_its_variable_and_asks_for_it_when_invoked(
        self, offline: None, monkeypatch: pytest.MonkeyPatch, value: str | None
    ) -> None:
        monkeypatch.delenv("DESTINATION_BUCKET", raising=False)
        if value is not None:
            monkeypatch.setenv("DESTINATION_BUCKET", value)
        module = load(SOURCE)
        with (
            FakeS3().listening_to(module.s3) as fake,
            pytest.raises(RuntimeError, match=r"^DESTINATION_BUCKET is not set: [^.\n]+\.$"),
        ):
            module.lambda_handler(event(), CONTEXT)
        assert fake.calls == []


class TestCopy:
    def test_keeps_the_key_and_goes_to_the_destination(self, run: Any, aws: FakeS3) -> None:
        run(event(record("in/data.csv")))
        copied = only(aws.of("CopyObject"))
        assert (copied["Bucket"], copied["Key"]) == ("destination", "in/data.csv")
        assert copied["CopySource"] == {"Bucket": "source", "Key": "in/data.csv"}

    @pytest.mark.parametrize(
        ("quoted", "key"),
        [*QUOTED_KEYS, ("a+b%2Bc+%2525+%C3%A9.zip", "a b+c %25 é.zip")],
    )
    def test_decodes_the_key_of_an_s3_event(
        self, run: Any, aws: FakeS3, quoted: str, key: str
    ) -> None:
        result = run(event(record(quoted, quoted=True)))
        assert only(aws.of("CopyObject"))["CopySource"]["Key"] == key
        assert only(aws.of("CopyObject"))["Key"] == key
        assert result["keys"] == [key]

    @pytest.mark.parametrize("key", ["a b.csv", "a+b.csv", "100%25.csv", "a%20b", "é/日+.csv"])
    def test_takes_the_key_of_an_eventbridge_event_as_it_is(
        self, run: Any, aws: FakeS3, key: str
    ) -> None:
        assert run(bridged(key)) == {"copied": 1, "keys": [key]}
        copied = only(aws.of("CopyObject"))
        assert (copied["CopySource"], copied["Key"]) == ({"Bucket": "source", "Key": key}, key)

    @ONE_FUNCTION
    @given(key=KEYS, version_id=st.sampled_from([None, "v1"]), is_bridged=st.booleans())
    def test_any_unicode_key_arrives_as_it_was_uploaded(
        self,
        function: ModuleType,
        aws: FakeS3,
        key: str,
        version_id: str | None,
        is_bridged: bool,
    ) -> None:
        for memory in (aws.calls, aws.headers):
            memory.clear()
        direct = event(record(key, versionId=version_id))
        given_event = bridged(key, **{"version-id": version_id}) if is_bridged else direct
        function.lambda_handler(given_event, CONTEXT)
        copied = only(aws.of("CopyObject"))
        assert (copied["CopySource"]["Key"], copied["Key"]) == (key, key)
        header = only(h["x-amz-copy-source"] for name, h in aws.headers if name == "CopyObject")
        sent = header.removesuffix("?versionId=v1") if version_id else header
        assert unquote(sent) == f"source/{key}"

    @pytest.mark.parametrize(
        "given_event", [event(record(versionId="v-1")), bridged(**{"version-id": "v-1"})]
    )
    def test_takes_the_version_that_fired(
        self, run: Any, aws: FakeS3, given_event: dict[str, Any]
    ) -> None:
        run(given_event)
        assert only(aws.of("HeadObject"))["VersionId"] == "v-1"
        assert only(aws.of("CopyObject"))["CopySource"]["VersionId"] == "v-1"

    @pytest.mark.parametrize("changes", [{}, {"versionId": None}, {"versionId": ""}])
    def test_names_no_version_where_the_event_has_none(
        self, run: Any, aws: FakeS3, changes: dict[str, Any]
    ) -> None:
        run(event(record(**changes)))
        assert "VersionId" not in only(aws.of("CopyObject"))["CopySource"]

    @pytest.mark.parametrize("size", [0, 3, 100 * 1024**2, GIB - 1])
    def test_is_one_request_below_1_gib_so_that_metadata_and_tags_come_along(
        self, run: Any, aws: FakeS3, size: int
    ) -> None:
        aws.answers["HeadObject"] = {"ContentLength": size, "ETag": '"etag"'}
        run(event())
        copied = only(aws.of("CopyObject"))
        assert copied["TaggingDirective"] == "COPY"
        assert copied.get("MetadataDirective", "COPY") == "COPY"
        assert not aws.of("CreateMultipartUpload")

    @pytest.mark.parametrize("size", [GIB, 5 * GIB + 1])
    def test_is_made_in_parts_from_1_gib_on(self, run: Any, aws: FakeS3, size: int) -> None:
        aws.answers["HeadObject"] = {"ContentLength": size, "ETag": '"etag"'}
        run(event(record(versionId="v1")))
        parts = aws.of("UploadPartCopy")
        ranges = sorted(
            tuple(map(int, part["CopySourceRange"].removeprefix("bytes=").split("-")))
            for part in parts
        )
        assert not aws.of("CopyObject")
        assert all(part["CopySource"]["VersionId"] == "v1" for part in parts)
        assert all(last - first < 5 * GIB for first, last in ranges)
        assert [first for first, _ in ranges] == [0, *(last + 1 for _, last in ranges[:-1])]
        assert ranges[-1][1] == size - 1

    def test_in_parts_carries_metadata_and_tags(self, run: Any, aws: FakeS3) -> None:
        tags = [{"Key": "team", "Value": "blue"}]
        aws.answers["HeadObject"] = {
            "ContentLength": GIB,
            "ContentType": "text/csv",
            "Metadata": {"owner": "ann"},
            "ETag": '"etag"',
        }
        aws.answers["GetObjectTagging"] = {"TagSet": tags}
        run(event())
        created = only(aws.of("CreateMultipartUpload"))
        assert (created["ContentType"], created["Metadata"]) == ("text/csv", {"owner": "ann"})
        assert only(aws.of("PutObjectTagging"))["Tagging"] == {"TagSet": tags}

    def test_includes_folder_markers(self, run: Any, aws: FakeS3) -> None:
        aws.answers["HeadObject"] = {"ContentLength": 0, "ETag": '"etag"'}
        assert run(event(record("photos/", size=0))) == {"copied": 1, "keys": ["photos/"]}
        assert only(aws.of("CopyObject"))["Key"] == "photos/"

    def test_is_refused_where_source_and_destination_are_one_bucket(
        self, run: Any, aws: FakeS3, printed: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"both destination: copies would loop\.$"):
            run(event(record(bucket="destination")))
        assert aws.calls == []
        assert only(printed())["level"] == "ERROR"

    def test_made_again_is_the_same_request(self, run: Any, aws: FakeS3) -> None:
        results = [run(event(record(versionId="v1"))) for _ in range(2)]
        assert results == [{"copied": 1, "keys": ["data.csv"]}] * 2
        first, second = aws.of("CopyObject")
        assert first == second

    def test_is_all_that_it_asks_of_aws(self, run: Any, aws: FakeS3) -> None:
        run(event(record("a.csv"), record("b.csv")))
        assert {name for name, _ in aws.calls} == {"HeadObject", "CopyObject"}
        assert {params["Bucket"] for params in aws.of("HeadObject")} == {"source"}


class TestResult:
    def test_counts_and_names_what_was_copied(self, run: Any) -> None:
        result = run(event(record("a b.zip"), record("é.csv")))
        assert json.loads(json.dumps(result)) == {"copied": 2, "keys": ["a b.zip", "é.csv"]}


class TestFailure:
    def test_of_one_copy_is_raised_after_the_others_were_made(
        self, run: Any, aws: FakeS3, printed: Any
    ) -> None:
        def refuse_the_second(params: dict[str, Any]) -> Any:
            is_second = params["Key"] == "b.csv"
            return refusal("AccessDenied", "CopyObject") if is_second else {"CopyObjectResult": {}}

        aws.answers["CopyObject"] = refuse_the_second
        with pytest.raises(ClientError, match="AccessDenied"):
            run(event(record("a.csv"), record("b.csv"), record("c.csv")))
        levels = {line["key"]: line["level"] for line in printed()}
        assert levels == {"a.csv": "INFO", "b.csv": "ERROR", "c.csv": "INFO"}

    def test_of_several_raises_the_first_and_logs_all(
        self, run: Any, aws: FakeS3, printed: Any
    ) -> None:
        aws.answers["CopyObject"] = lambda params: refusal(params["Key"], "CopyObject")
        with pytest.raises(ClientError, match="FirstCode"):
            run(event(record("FirstCode"), record("SecondCode")))
        assert [line["error_code"] for line in printed()] == ["FirstCode", "SecondCode"]

    def test_that_is_not_an_aws_error_is_raised_too(
        self, run: Any, aws: FakeS3, printed: Any
    ) -> None:
        aws.answers["CopyObject"] = OSError("connection lost")
        with pytest.raises(OSError, match="connection lost"):
            run(event())
        assert only(printed())["error_code"] == "OSError"


class TestLog:
    def test_names_the_upload_and_the_request(self, run: Any, printed: Any) -> None:
        run(event(record("é b.zip", versionId="v1")))
        assert only(printed()) == {
            "level": "INFO",
            "message": "copied",
            "bucket": "source",
            "key": "é b.zip",
            "version_id": "v1",
            "request_id": "request-1",
        }

    def test_keeps_one_line_for_each_message(self, run: Any, capsys: Any) -> None:
        run(event(record("two\nlines.zip")))
        assert len(capsys.readouterr().out.splitlines()) == 1

    def test_of_a_failure_has_the_aws_error_code_and_message(
        self, run: Any, aws: FakeS3, printed: Any
    ) -> None:
        aws.deny("CopyObject", "AccessDenied", "User is not authorized")
        with pytest.raises(ClientError):
            run(event())
        line = only(printed())
        assert (line["level"], line["error_code"]) == ("ERROR", "AccessDenied")
        assert "User is not authorized" in line["error"]
        assert (line["bucket"], line["key"]) == ("source", "data.csv")
        assert line["request_id"] == "request-1"

    def test_calls_a_refused_head_request_access_denied(
        self, run: Any, aws: FakeS3, printed: Any
    ) -> None:
        aws.deny("HeadObject", "403", "Forbidden")
        with pytest.raises(ClientError):
            run(event())
        assert only(printed())["error_code"] == "AccessDenied"

    def test_of_an_endless_error_stays_short(self, run: Any, aws: FakeS3, printed: Any) -> None:
        aws.deny("CopyObject", "AccessDenied", "x" * 500_000)
        with pytest.raises(ClientError):
            run(event())
        assert 500 < len(only(printed())["error"]) < 2000

    def test_never_shows_the_event(self, run: Any, aws: FakeS3, capsys: Any) -> None:
        run(event())
        run(bridged())
        run(bridged(kind="Object Deleted"))
        aws.deny("CopyObject", "AccessDenied")
        with pytest.raises(ClientError):
            run(event())
        refused = run_without_uploads(run)
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err + refused


class TestEvents:
    @pytest.mark.parametrize(
        "other",
        [
            {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "source"},
            bridged(kind="Object Deleted"),
            bridged(kind="Object Tags Added"),
            event(record(name="ObjectRemoved:DeleteMarkerCreated")),
            event(record(name="LifecycleExpiration:DeleteMarkerCreated")),
        ],
    )
    def test_of_no_new_object_are_accepted_and_do_nothing(
        self, run: Any, aws: FakeS3, printed: Any, other: dict[str, Any]
    ) -> None:
        assert run(other) == {"copied": 0, "keys": []}
        line = only(printed())
        assert (line["level"], line["request_id"]) == ("INFO", "request-1")
        assert "no new object" in line["message"]
        assert aws.calls == []

    @pytest.mark.parametrize("kind", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
    def test_of_every_kind_of_upload_are_taken(self, run: Any, kind: str) -> None:
        assert run(event(record(name=f"ObjectCreated:{kind}")))["copied"] == 1

    def test_written_by_hand_without_their_name_count_as_uploads(self, run: Any) -> None:
        first, second = event(), bridged()
        del first["Records"][0]["eventName"], second["detail-type"]
        assert run(first) == run(second) == {"copied": 1, "keys": ["data.csv"]}

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"Records": []},
            {"Records": None},
            {"Event": "s3:OtherEvent"},
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
        self, run: Any, aws: FakeS3, wrong: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"^[^.\n]*no S3 records[^.\n]*trigger[^.\n]*\?$"):
            run(wrong)
        assert aws.calls == []
