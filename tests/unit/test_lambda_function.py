"""The file-transfer lab's Lambda function, on real boto3 clients whose requests stay inside.

What it has in common with the other functions is in ``test_function_contract.py``.
"""

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.fakes import refusal
from tests.support.function_fakes import (
    CONTEXT,
    FILES,
    SECRET,
    FakeS3,
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

SOURCE = FILES / "lambda-function.py"
PLACEHOLDERS = {
    "REPLACE-WITH-YOUR-DYNAMODB-TABLE": "audit-table",
    "REPLACE-WITH-YOUR-PRIVATE-BUCKET": "private-bucket",
}
UPLOADS = Uploads("public-bucket", "sample.zip")
record, event = UPLOADS.record, UPLOADS.event


class FakeAws(FakeS3):
    """A source and a destination, and the table of the audit items."""

    def __init__(self) -> None:
        super().__init__(PutItem=self._put_item)
        self.items: dict[str, dict[str, str]] = {}

    def _put_item(self, params: dict[str, Any]) -> Any:
        assert params["TableName"] == "audit-table"
        new = {name: value["S"] for name, value in params["Item"].items()}
        old = {name: {"S": value} for name, value in self.items.get(new["LogID"], {}).items()}
        if not condition_holds(params, old):
            return refusal("ConditionalCheckFailedException", "PutItem")
        self.items[new["LogID"]] = new
        return {}


@pytest.fixture
def function(offline: None, tmp_path: Path) -> ModuleType:
    """The function as deployed: both placeholders replaced in its text."""
    text = SOURCE.read_text(encoding="utf-8")
    for placeholder, name in PLACEHOLDERS.items():
        text = text.replace(placeholder, name)
    path = tmp_path / "lambda-function.py"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.fixture
def aws(function: ModuleType) -> Iterator[FakeAws]:
    with FakeAws().listening_to(*clients_of(function)) as fake:
        yield fake


class TestFile:
    @pytest.mark.parametrize("placeholder", PLACEHOLDERS)
    def test_holds_each_placeholder_once(self, placeholder: str) -> None:
        assert SOURCE.read_text(encoding="utf-8").count(placeholder) == 1

    def test_assigns_the_placeholders_at_module_top(self) -> None:
        tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 11))
        assigned = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        table, bucket = PLACEHOLDERS
        assert (assigned["TABLE_NAME"], assigned["DESTINATION_BUCKET"]) == (table, bucket)

    @pytest.mark.parametrize(
        ("left", "constant"),
        list(zip(PLACEHOLDERS, ("TABLE_NAME", "DESTINATION_BUCKET"), strict=True)),
    )
    def test_refuses_to_run_while_a_placeholder_is_left(
        self, offline: None, tmp_path: Path, left: str, constant: str
    ) -> None:
        text = SOURCE.read_text(encoding="utf-8")
        for placeholder in PLACEHOLDERS.keys() - {left}:
            text = text.replace(placeholder, PLACEHOLDERS[placeholder])
        path = tmp_path / "lambda-function.py"
        path.write_text(text, encoding="utf-8")
        module = load(path)
        with (
            FakeAws().listening_to(*clients_of(module)) as fake,
            pytest.raises(RuntimeError, match=f"^{constant} [^.\n]*placeholder[^.\n]*\\.$"),
        ):
            module.lambda_handler(event(), CONTEXT)
        assert fake.calls == []


class TestCopy:
    def test_is_refused_where_source_and_destination_are_one_bucket(
        self, run: Any, aws: FakeAws
    ) -> None:
        with pytest.raises(ValueError, match="private-bucket"):
            run(event(record(bucket="private-bucket")))
        item = only(aws.items.values())
        assert {name for name, _ in aws.calls} == {"PutItem"}
        assert (item["Status"], item["SourceBucket"]) == ("Failed", "private-bucket")


class TestAuditItem:
    def test_says_what_was_copied_from_where_to_where_and_when(
        self, run: Any, aws: FakeAws
    ) -> None:
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        run(event(record("in/a b.zip")))
        item = only(aws.items.values())
        stamp, log_id = item.pop("Timestamp"), item.pop("LogID")
        assert item == {
            "SourceBucket": "public-bucket",
            "DestinationBucket": "private-bucket",
            "ObjectKey": "in/a b.zip",
            "Status": "Success",
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+00:00)", stamp)
        assert before <= datetime.fromisoformat(stamp) <= datetime.now(UTC)
        assert isinstance(log_id, str)
        assert log_id

    def test_is_written_after_the_copy(self, run: Any, aws: FakeAws) -> None:
        run(event())
        assert [name for name, _ in aws.calls] == ["HeadObject", "CopyObject", "PutItem"]

    def test_of_a_failed_copy_says_why(self, run: Any, aws: FakeAws) -> None:
        aws.deny("CopyObject", "AccessDenied", "User is not authorized")
        with pytest.raises(ClientError, match="User is not authorized"):
            run(event())
        item = only(aws.items.values())
        assert item["Status"] == "Failed"
        assert "AccessDenied" in item["Error"]
        assert "User is not authorized" in item["Error"]
        assert (item["ObjectKey"], item["DestinationBucket"]) == ("sample.zip", "private-bucket")

    def test_holds_an_error_of_bounded_length(self, run: Any, aws: FakeAws, printed: Any) -> None:
        aws.deny("CopyObject", "AccessDenied", "x" * 500_000)
        with pytest.raises(ClientError):
            run(event())
        assert 500 < len(only(aws.items.values())["Error"]) < 2000
        assert all(len(json.dumps(line)) < 3000 for line in printed())


class TestDelivery:
    def test_of_one_event_twice_leaves_one_item_and_stays_quiet(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        run(event(record(versionId="v1")))
        first = dict(aws.items)
        assert run(event(record(versionId="v1"))) == {"copied": 1, "keys": ["sample.zip"]}
        assert len(aws.of("PutItem")) == 2
        assert aws.items == first
        lines = [(line["level"], line["message"]) for line in printed()]
        assert lines == [("INFO", "copied")] * 2 + [("INFO", "already recorded as Success")]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (record(sequencer="01"), record(sequencer="02")),
            (record("a.zip"), record("b.zip")),
            (record(bucket="one"), record(bucket="two")),
            (record(versionId="v1"), record(versionId="v2")),
            (record("c.zip", bucket="my-pi"), record("pic.zip", bucket="my-")),
            (record("a1", sequencer="2"), record("a", sequencer="12")),
            (
                record(sequencer=None, time="2026-01-01T00:00:00.000Z"),
                record(sequencer=None, time="2026-01-01T00:00:01.000Z"),
            ),
        ],
        ids=["sequencer", "key", "bucket", "version", "bucket-key", "key-sequencer", "eventTime"],
    )
    def test_of_different_uploads_leaves_an_item_each(
        self, run: Any, aws: FakeAws, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        run(event(first, second))
        assert len(aws.items) == 2

    def test_of_a_second_upload_to_the_same_key_leaves_a_second_item(
        self, run: Any, aws: FakeAws
    ) -> None:
        run(event(record(sequencer="01")))
        run(event(record(sequencer="02")))
        assert [item["ObjectKey"] for item in aws.items.values()] == ["sample.zip"] * 2

    def test_is_recognised_after_a_cold_start(
        self, run: Any, aws: FakeAws, function: ModuleType
    ) -> None:
        run(event())
        again = load(Path(str(function.__file__)))
        with aws.listening_to(*clients_of(again)):
            again.lambda_handler(event(), CONTEXT)
        assert len(aws.of("PutItem")) == 2
        assert len(aws.items) == 1

    def test_too_late_to_copy_never_turns_a_success_into_a_failure(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        run(event())
        first = dict(aws.items)
        aws.deny("HeadObject", "404", "Not Found")
        with pytest.raises(ClientError, match="Not Found"):
            run(event())
        assert aws.items == first
        assert only(line["message"] for line in printed() if line["level"] == "ERROR") == (
            "copy failed"
        )

    def test_retried_after_a_failure_turns_the_item_into_a_success(
        self, run: Any, aws: FakeAws
    ) -> None:
        working = aws.answers["CopyObject"]
        aws.deny("CopyObject")
        with pytest.raises(ClientError):
            run(event())
        assert only(aws.items.values())["Status"] == "Failed"
        aws.answers["CopyObject"] = working
        run(event())
        item = only(aws.items.values())
        assert item["Status"] == "Success"
        assert "Error" not in item

    def test_retried_in_vain_keeps_the_newest_reason(self, run: Any, aws: FakeAws) -> None:
        for reason in ("AccessDenied", "NoSuchBucket"):
            aws.deny("CopyObject", reason)
            with pytest.raises(ClientError):
                run(event())
        assert "NoSuchBucket" in only(aws.items.values())["Error"]


class TestFailure:
    def test_of_one_copy_is_raised_after_the_others_were_processed(
        self, run: Any, aws: FakeAws
    ) -> None:
        def refuse_the_second(params: dict[str, Any]) -> Any:
            if params["Key"] == "b.zip":
                return refusal("AccessDenied", "CopyObject", "Not allowed")
            return {"CopyObjectResult": {"ETag": '"etag"'}}

        aws.answers["CopyObject"] = refuse_the_second
        with pytest.raises(ClientError, match="AccessDenied"):
            run(event(record("a.zip"), record("b.zip"), record("c.zip")))
        statuses = {item["ObjectKey"]: item["Status"] for item in aws.items.values()}
        assert statuses == {"a.zip": "Success", "b.zip": "Failed", "c.zip": "Success"}

    def test_that_is_not_an_aws_error_is_recorded_and_raised_too(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.answers["CopyObject"] = OSError("connection lost")
        with pytest.raises(OSError, match="connection lost"):
            run(event())
        assert "connection lost" in only(aws.items.values())["Error"]
        assert only(printed())["error_code"] == "OSError"

    def test_to_write_the_item_is_logged_and_raised(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.deny("PutItem", "AccessDeniedException", "no dynamodb:PutItem")
        with pytest.raises(ClientError, match="no dynamodb:PutItem"):
            run(event(record("a.zip"), record("b.zip")))
        errors = [line for line in printed() if line["level"] == "ERROR"]
        assert [line["key"] for line in errors] == ["a.zip", "b.zip"]
        assert {line["error_code"] for line in errors} == {"AccessDeniedException"}
        assert all("no dynamodb:PutItem" in line["error"] for line in errors)

    def test_of_copy_and_item_logs_both_and_raises_the_copys(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.deny("CopyObject", "AccessDenied", "no s3:PutObject")
        aws.deny("PutItem", "AccessDeniedException", "no dynamodb:PutItem")
        with pytest.raises(ClientError, match="no s3:PutObject"):
            run(event())
        copy_line, item_line = printed()
        assert "no s3:PutObject" in copy_line["error"]
        assert "no dynamodb:PutItem" in item_line["error"]
        assert copy_line["message"] != item_line["message"]


class TestLog:
    def test_names_the_upload_its_item_and_the_request(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        run(event(record("é b.zip")))
        assert only(printed()) == {
            "level": "INFO",
            "message": "copied",
            "bucket": "public-bucket",
            "key": "é b.zip",
            "log_id": only(aws.items),
            "request_id": "request-1",
        }

    def test_calls_a_refused_head_request_access_denied(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.deny("HeadObject", "403", "Forbidden")
        with pytest.raises(ClientError):
            run(event())
        assert only(printed())["error_code"] == "AccessDenied"
        assert "AccessDenied" in only(aws.items.values())["Error"]

    def test_never_shows_the_event(self, run: Any, aws: FakeAws, capsys: Any) -> None:
        run(event())
        run(event())
        aws.deny("CopyObject")
        aws.deny("PutItem")
        with pytest.raises(ClientError):
            run(event())
        refused = run_without_uploads(run)
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err + refused
