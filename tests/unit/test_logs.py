"""What a function's log says, in both of Lambda's formats."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.analysis.log import invocations, is_report, is_trouble, names_key, started

KEY = "probe/a b+c %25 é.zip"
START = "START RequestId: 1-a Version: $LATEST"
REPORT = "REPORT RequestId: 1-a\tDuration: 3.1 ms\tMax Memory Used: 40 MB"


def platform(what: str, **record: Any) -> str:
    return json.dumps({"time": "t", "type": f"platform.{what}", "record": record})


def events(*lines: tuple[int, str, str]) -> list[dict[str, Any]]:
    return [{"timestamp": t, "logStreamName": s, "message": m} for t, s, m in lines]


def messages(found: list[list[dict[str, Any]]]) -> list[str]:
    return ["".join(event["message"][0] for event in invocation) for invocation in found]


def test_both_formats_tell_who_started() -> None:
    assert started(START) == "1-a"
    assert started(platform("start", requestId="1-a", version="$LATEST")) == "1-a"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "RESTART RequestId: 1",
        "it says START RequestId: 1",
        "{}",
        "{",
        "[]",
        '{"type": 1}',
        '{"type": "platform.start", "record": []}',
        REPORT,
        platform("report", requestId="1"),
    ],
)
def test_no_other_line_starts_an_invocation(line: str) -> None:
    assert started(line) is None


def test_both_formats_tell_that_it_ended() -> None:
    assert is_report(REPORT)
    assert is_report(platform("report", requestId="1-a", status="success"))
    assert not is_report(START)
    assert not is_report(f"saw {REPORT}")
    assert not is_report(platform("start", requestId="1-a"))


def test_a_stream_holds_one_invocation_after_the_other() -> None:
    found = invocations(
        events((1, "s", START), (2, "s", "a"), (3, "s", REPORT), (4, "s", START), (5, "s", "b"))
    )
    assert messages(found) == ["SaR", "Sb"]


def test_streams_are_told_apart_and_times_are_put_in_order() -> None:
    found = invocations(events((4, "t", "d"), (1, "s", START), (2, "t", START), (3, "s", "c")))
    assert messages(found) == ["Sc", "Sd"]
    assert [event["timestamp"] for event in found[0]] == [1, 3]


def test_events_of_one_moment_keep_their_order() -> None:
    lines = [(1, "s", START), (1, "s", "b"), (1, "s", "a"), (1, "s", REPORT)]
    assert messages(invocations(events(*lines))) == ["SbaR"]


@pytest.mark.parametrize(
    "init", ["INIT_START Runtime Version: python:3.14", platform("initStart", phase="init")]
)
def test_what_happens_before_the_first_start_belongs_to_it(init: str) -> None:
    found = invocations(
        events((1, "s", "end"), (2, "s", init), (3, "s", "x"), (4, "s", START), (5, "s", START))
    )
    assert [len(invocation) for invocation in found] == [1, 3, 1]


def test_the_end_of_an_older_invocation_is_none_of_the_next() -> None:
    found = invocations(events((1, "s", "old"), (2, "s", START), (3, "s", "new")))
    assert messages(found) == ["o", "Sn"]


def test_a_late_time_out_belongs_to_the_invocation_that_it_ends() -> None:
    late = "2026-01-01T00:00:00Z 1-a Task timed out after 3.00 seconds"
    found = invocations(events((1, "s", START), (2, "s", REPORT), (3, "s", late)))
    assert messages(found) == ["SR2"]


@given(st.text(min_size=1).filter(lambda k: "\x00" not in k and k.isprintable()))
def test_a_key_is_recognised_however_it_is_written(key: str) -> None:
    for written in (key, quote(key), quote_plus(key), json.dumps(key), repr(key)):
        assert names_key(f"copied {written} now", key)


def test_a_key_is_recognised_as_an_event_carries_it() -> None:
    assert names_key('{"key": "a/b+*%C3%A9%2B.zip"}', "a/b *é+.zip")


def test_another_key_is_not_recognised() -> None:
    assert not names_key("copied probe/a b+c %25 e.zip", KEY)
    assert not names_key(START, KEY)


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'lambda_function'",
        "[ERROR] KeyError: 'Records'\rTraceback (most recent call last):\r  File …",
        "[ERROR]\t2026-01-01T00:00:00Z\t1-a\tcopy failed",
        "[CRITICAL]\t2026-01-01T00:00:00Z\t1-a\tgone",
        "Traceback (most recent call last):",
        "2026-01-01T00:00:00Z 1-a Task timed out after 3.00 seconds",
        "REPORT RequestId: 1-a\tDuration: 3000 ms\tStatus: timeout",
        "REPORT RequestId: 1-a\tDuration: 3 ms\tStatus: error\tError Type: Runtime.ExitError",
        "INIT_REPORT Init Duration: 3 ms\tPhase: init\tStatus: error\tError Type: X",
        "RequestId: 1-a Error: Runtime exited with error: signal: killed",
        "An error occurred (AccessDenied) when calling the CopyObject operation: Access Denied",
        "Oops: An error occurred (AccessDenied) when calling the PutItem operation",
        "ERROR: could not copy",
        "2026-01-01 12:00:00 ERROR app copy failed",
        "Error copying the object",
        "❌ Error: no such table",
        "Failed to copy the object",
        "first line\nError: second line",
        "botocore.errorfactory.NoSuchKey / ClientError: it is gone",
        "Unexpected exception occurred: x",
        json.dumps({"level": "ERROR", "message": "copy failed"}),
        json.dumps({"level": "error", "message": "copy failed"}),
        json.dumps({"message": "x", "level": "CRITICAL"}, separators=(",", ":")),
        json.dumps({"level": "FATAL", "message": "x"}),
        json.dumps({"errorMessage": "x"}),
        json.dumps({"errorType": "KeyError"}),
        json.dumps({"stackTrace": ["x"]}),
        json.dumps({"level": "WARN", "exception": "x"}),
        json.dumps({"level": "INFO", "message": "Traceback (most recent call last):\n"}),
        json.dumps({"status": "ERROR"}),
        platform("report", requestId="1-a", status="timeout"),
        platform("runtimeDone", requestId="1-a", status="error"),
        platform("initReport", status="failure"),
    ],
)
def test_errors_and_time_outs_are_trouble(line: str) -> None:
    assert is_trouble(line, KEY)


@pytest.mark.parametrize(
    "line",
    [
        START,
        REPORT,
        "END RequestId: 1-a",
        "INIT_START Runtime Version: python:3.14.v1\tRuntime Version ARN: arn:aws:lambda::x",
        "copied",
        "copied without errors",
        "0 errors, No ERROR at all",
        "Errors: 0, Failed: 0",
        "error=None",
        "ERROR: None",
        "[INFO]\t2026-01-01T00:00:00Z\t1-a\tcopied, errors=0",
        "retry on error is on",
        "ERROR_TABLE is not used",
        "mirrored",
        json.dumps({"level": "INFO", "message": "copied", "key": "ERROR.zip"}),
        json.dumps({"level": "WARN", "message": "Error: will be tried again"}),
        json.dumps({"errorMessage": None, "message": "copied"}),
        platform("report", requestId="1-a", status="success"),
        platform("start", requestId="1-a"),
        "{not json",
        "{" * 50_000,
    ],
)
def test_other_lines_are_no_trouble(line: str) -> None:
    assert not is_trouble(line, KEY)


@pytest.mark.parametrize(
    "key",
    [
        "ERROR.zip",
        "verify/ERROR report.zip",
        "Error",
        "a/Traceback (most recent call last):.zip",
        "logs/[ERROR] x.txt",
        "KeyError: x",
        "é/FATAL+CRITICAL.csv",
        "Task timed out after 3 s",
    ],
)
def test_a_key_may_say_what_it_likes(key: str) -> None:
    name = key.rpartition("/")[2]
    for written in (key, quote(key), quote_plus(key), json.dumps(key), repr(key), name):
        assert not is_trouble(f"copied {written} to the private bucket", key)
        assert is_trouble(f"[ERROR]\tcopied {written} not", key)
        assert is_trouble(json.dumps({"level": "ERROR", "key": written}), key)


@pytest.mark.parametrize("key", ["ERROR", "E", "Error", "level", '"', "\\", "(", ""])
def test_a_short_key_hides_no_error(key: str) -> None:
    assert is_trouble("[ERROR]\t2026-01-01T00:00:00Z\t1-a\tcopy failed", key)
    assert is_trouble(json.dumps({"level": "ERROR", "key": key}), key)
    assert is_trouble("Traceback (most recent call last):", key)
