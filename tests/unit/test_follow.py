"""One upload, followed through a lab that is played by fakes."""

import hashlib
import itertools
import json
import time
from typing import Any

import pytest

from labproof.aws.connection import Connection
from labproof.aws.errors import AwsError
from labproof.evidence.prove.follow import follow_upload
from labproof.evidence.uploads import following, ingest
from labproof.evidence.uploads.attempts import MAX_LINE, Attempt
from labproof.evidence.uploads.following import NAMELESS_PAUSE_MS, RETRY_PAUSE_MS, Watch
from labproof.evidence.uploads.upload import Upload
from tests.support.fakes import Body, FakeClient, a_lab, connect, refusal

KEY = "probe/ERROR é 1.zip"
BODY = b"zip" * 1000
SHA = hashlib.sha256(BODY).hexdigest()
ITEM = {"LogID": {"S": "1"}, "ObjectKey": {"S": KEY}, "Size": {"N": "3"}}
NOW = 1_800_000_000_000


def event(message: str, at: int = 100, stream: str = "s") -> dict[str, Any]:
    return {"timestamp": NOW + at, "logStreamName": stream, "message": message}


def run(request: str = "1", line: str = f"copied {KEY}\n", **where: Any) -> list[dict[str, Any]]:
    return [
        event(f"START RequestId: {request} Version: 1", **where),
        event(line, **where),
        event(f"REPORT RequestId: {request}\tDuration: 1 ms", **where),
    ]


def steps(*answers: Any) -> Any:
    """Answer with one thing after the other, and with the last one for ever."""
    rest = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda **request: next(rest)


def digest(seen: Upload) -> tuple[str, int]:
    return seen.copied["sha256"], seen.copied["size"]


def absent(code: str = "NoSuchKey") -> Any:
    return refusal(code)


class World:
    """A lab in which everything has happened, unless a test says otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
        given = {
            "get_object": lambda **_: {"Body": Body(BODY)},
            "scan": {"Items": [ITEM]},
            "filter_log_events": {"events": run()},
            "get_function_event_invoke_config": refusal("ResourceNotFoundException"),
        } | answers
        client = FakeClient(**given)
        self.client = client
        self.connection = connect(
            monkeypatch, s3=client, dynamodb=client, logs=client, lambda_=client
        )
        self.pauses: list[float] = []
        monkeypatch.setattr(time, "sleep", self.pauses.append)
        monkeypatch.setattr(time, "monotonic", lambda: sum(self.pauses))
        monkeypatch.setattr(following, "now_ms", lambda: NOW + 500 + int(1000 * sum(self.pauses)))

    def follow(self, timeout: float = 10, sha256: str | None = SHA, wanted: int = 1) -> Upload:
        upload = Upload("zip", KEY, sha256=sha256, signed_ms=NOW, uploaded_ms=NOW + 50)
        upload.wanted_items = wanted
        return follow_upload(a_lab(), self.connection, upload, timeout)


def test_an_upload_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    seen = world.follow()
    assert seen.finished
    assert (seen.invoked_ms, seen.request_id, seen.reported_ms) == (NOW + 100, "1", NOW + 100)
    assert (seen.copied_ms, digest(seen)) == (NOW + 500, (SHA, len(BODY)))
    assert (seen.audited_ms, seen.errors, seen.waited_s) == (NOW + 500, [], 0)
    assert seen.audit_items == [{"LogID": "1", "ObjectKey": KEY, "Size": "3"}]
    assert seen.log[1] == f"copied {KEY}"
    assert world.pauses == []


def test_each_service_is_asked_for_this_upload_in_the_labs_resources(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.follow()
    assert world.client.asked("get_object") == [{"Bucket": "ada-private", "Key": KEY}]
    (scan,) = world.client.asked("scan")
    assert scan["TableName"] == "ada-logs"
    assert scan["ExpressionAttributeValues"] == {":m0": {"S": KEY}}
    assert scan["ConsistentRead"] is True
    (logs,) = world.client.asked("filter_log_events")
    assert logs["logGroupName"] == "/aws/lambda/ada-copy"
    assert logs["startTime"] <= NOW


def test_waiting_backs_off_and_ends_with_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    silent: dict[str, list[Any]] = {"events": []}
    world = World(monkeypatch, get_object=absent(), filter_log_events=silent)
    seen = world.follow(timeout=30)
    assert not seen.finished
    assert (seen.copied_ms, seen.copied) == (None, None)
    assert world.pauses[0] == 0.05
    assert all(a <= b for a, b in itertools.pairwise(world.pauses[:-1]))
    assert max(world.pauses) == 2
    assert sum(world.pauses) == pytest.approx(30)
    assert seen.waited_s == 30


def test_what_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [absent("ResourceNotFoundException"), {"events": []}, {"events": run()[:2]}]
    world = World(
        monkeypatch,
        get_object=steps(absent("404"), absent("404"), absent("NoSuchKey"), {"Body": Body(BODY)}),
        filter_log_events=steps(*logs, {"events": run()}),
    )
    assert world.follow().copied_ms
    assert len(world.pauses) == 3


def test_one_look_is_taken_even_without_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert World(monkeypatch).follow(timeout=0).finished


def test_the_end_of_the_invocation_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished = {"events": run()[:2]}
    world = World(monkeypatch, filter_log_events=steps(unfinished, unfinished, {"events": run()}))
    assert world.follow().reported_ms
    assert len(world.pauses) == 2


def test_what_was_seen_is_not_looked_for_again_until_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unfinished = {"events": run()[:2]}
    world = World(monkeypatch, filter_log_events=steps(unfinished, unfinished, {"events": run()}))
    seen = world.follow()
    assert (seen.copied_ms, seen.audited_ms) == (NOW + 500, NOW + 500)
    assert len(world.client.asked("get_object")) == 1
    assert len(world.client.asked("scan")) == 2


RAISED = "Traceback (most recent call last):\nKeyError: 'Records'"


def tries(count: int) -> list[dict[str, Any]]:
    return [e for n in range(count) for e in run(str(n), f"{RAISED} {KEY}", stream=f"s{n}")]


def test_a_function_that_failed_for_good_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = steps({"events": tries(1)}, {"events": tries(2)}, {"events": tries(3)})
    world = World(monkeypatch, get_object=absent(), scan={"Items": []}, filter_log_events=answers)
    seen = world.follow()
    assert seen.finished
    assert (seen.attempts, len(seen.errors), len(world.pauses)) == (3, 3, 2)


def test_as_many_tries_are_waited_for_as_the_function_has(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(
        monkeypatch,
        get_object=absent(),
        filter_log_events={"events": tries(1)},
        get_function_event_invoke_config={"MaximumRetryAttempts": 0},
    )
    assert world.follow().finished
    assert world.pauses == []


def test_a_try_that_does_not_come_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch, get_object=absent(), filter_log_events={"events": tries(1)})
    assert world.follow(timeout=1000).finished
    assert sum(world.pauses) == pytest.approx(RETRY_PAUSE_MS["aws"] / 1000, abs=3)


def test_what_another_try_mends_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    again = [*tries(1), *run("again", at=200, stream="t")]
    world = World(monkeypatch, filter_log_events=steps({"events": tries(1)}, {"events": again}))
    seen = world.follow()
    assert (seen.errors, seen.attempts) == ([], 2)
    assert "KeyError" in seen.retried[0]


def test_an_error_that_was_caught_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    caught = run(line=f"[ERROR]\t2027-01-01T00:00:00Z\t1\tno copy of {KEY}")
    world = World(monkeypatch, get_object=absent(), filter_log_events={"events": caught})
    seen = world.follow()
    assert seen.finished
    assert (len(seen.errors), world.pauses) == (1, [])


def test_a_copy_that_is_not_the_upload_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, get_object=lambda **_: {"Body": Body(b"old")})
    seen = world.follow(timeout=1)
    assert seen.copied_ms is None
    assert digest(seen) == (hashlib.sha256(b"old").hexdigest(), 3)


def test_any_copy_will_do_where_no_checksum_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, get_object=lambda **_: {"Body": Body(b"any")})
    assert world.follow(sha256=None).copied_ms == NOW + 500


def test_a_second_item_that_comes_late_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    two = {"Items": [ITEM, ITEM | {"LogID": {"S": "2"}}]}
    world = World(
        monkeypatch,
        scan=steps({"Items": [ITEM]}, two),
        filter_log_events=steps({"events": run()[:1]}, {"events": run()}),
    )
    assert len(world.follow().audit_items) == 2


def test_a_table_is_read_again_only_when_something_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unfinished = {"events": run()[:2]}
    world = World(monkeypatch, get_object=absent(), filter_log_events=unfinished)
    world.follow(timeout=5)
    assert len(world.client.asked("scan")) == 1


@pytest.mark.parametrize("operation", ["get_object", "scan", "filter_log_events"])
def test_what_cannot_be_read_is_no_absence(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    world = World(monkeypatch, **{operation: refusal("ThrottlingException")})
    with pytest.raises(AwsError, match="ThrottlingException"):
        world.follow()


def seen_in(monkeypatch: pytest.MonkeyPatch, *events: dict[str, Any]) -> Upload:
    return World(monkeypatch, filter_log_events={"events": list(events)}).follow(timeout=0)


def test_other_uploads_in_other_streams_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    other = run("2", "[ERROR] other upload", at=10, stream="t")
    seen = seen_in(monkeypatch, *other, *run())
    assert (seen.request_id, seen.errors) == ("1", [])


def test_other_uploads_in_the_same_stream_are_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, after = run("2", "[ERROR] before", at=10), run("3", "[ERROR] after", at=200)
    seen = seen_in(monkeypatch, *before, *run()[:2], *after)
    assert (seen.request_id, seen.errors, seen.reported_ms) == ("1", [], None)


def test_an_earlier_upload_to_the_same_key_is_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = seen_in(monkeypatch, *run("0", at=-1, stream="t"), *run(at=0))
    assert (seen.request_id, seen.invoked_ms) == ("1", NOW)


def test_a_clock_that_is_behind_hides_no_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen_in(monkeypatch, *run(at=-500)).request_id == "1"


def test_a_function_that_names_no_key_is_followed_by_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = seen_in(monkeypatch, *run("1", "copied"))
    assert (seen.request_id, bool(seen.copied_ms)) == ("1", True)


def test_what_a_silent_function_may_yet_do_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = {"events": run("1", "done")}
    world = World(monkeypatch, get_object=absent(), filter_log_events=silent)
    assert world.follow(timeout=60).finished
    assert sum(world.pauses) == pytest.approx(NAMELESS_PAUSE_MS["aws"] / 1000, abs=3)


def test_what_was_taken_for_ours_is_put_right_by_what_comes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = run("2", "[ERROR] other", at=10, stream="t")[:2]
    answers = steps({"events": other}, {"events": [*other, *run()]})
    seen = World(monkeypatch, filter_log_events=answers).follow()
    assert (seen.request_id, seen.errors) == ("1", [])


@pytest.mark.parametrize("line", [json.dumps({"key": KEY}), "probe/ERROR+%C3%A9+1.zip"])
def test_a_key_is_recognised_in_the_form_that_it_is_logged_in(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    seen = seen_in(monkeypatch, *run("2", "x", at=1, stream="t"), *run("1", line))
    assert (seen.request_id, seen.errors) == ("1", [])


def test_long_lines_are_cut_short_after_they_were_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = json.dumps({"message": "x" * 2000, "level": "ERROR"})
    seen = seen_in(monkeypatch, *run("1", line))
    assert [len(e) for e in seen.errors] == [MAX_LINE]
    assert max(len(entry) for entry in seen.log) == MAX_LINE


def test_an_upload_is_not_later_than_the_invocation_it_causes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert seen_in(monkeypatch, *run(at=20)).uploaded_ms == NOW + 20
    assert seen_in(monkeypatch, *run(at=90)).uploaded_ms == NOW + 50
    assert seen_in(monkeypatch).uploaded_ms == NOW + 50


def failing(request: str) -> Attempt:
    return Attempt(request, NOW, NOW + 10, True, ["[ERROR] RuntimeError"])


@pytest.mark.parametrize(("seen", "ended"), [(3, False), (5, False), (6, True)])
def test_the_tries_of_another_upload_that_nothing_names_are_not_ours(
    monkeypatch: pytest.MonkeyPatch, seen: int, ended: bool
) -> None:
    monkeypatch.setattr(following, "now_ms", lambda: NOW + 1000)
    watch = Watch(a_lab(), Connection(endpoint_url="https://test"), lambda _: None, lambda _: False)
    watch.add(*(Upload(name, name, f"{name}-token", signed_ms=NOW) for name in ("one", "two")))
    watch.uploads[0].finished = True
    watch.attempts, watch.allowed = [failing(str(number)) for number in range(seen)], 3
    assert following.is_ended(watch, watch.uploads[1]) is ended


@pytest.mark.parametrize(("raised", "ended"), [(False, False), (True, True)])
def test_an_invocation_that_nothing_names_does_not_stand_for_two_uploads(
    monkeypatch: pytest.MonkeyPatch, raised: bool, ended: bool
) -> None:
    world = World(monkeypatch)
    watch = Watch(a_lab(), world.connection, lambda watch: None, lambda upload: False)
    watch.add(*(Upload(token, f"{token}.zip", token, signed_ms=NOW) for token in ("ab", "cd")))
    watch.attempts = [Attempt("1", NOW + 1, NOW + 2, raised, ["START", "REPORT"])]
    world.pauses.append(RETRY_PAUSE_MS["aws"] / 1000)
    assert [following.is_ended(watch, upload) for upload in watch.uploads] == [ended, ended]


def working(request: str, line: str = "done", at: int = 0) -> Attempt:
    return Attempt(request, NOW + at, NOW + at + 10, False, [line])


@pytest.mark.parametrize(("line", "ended"), [("done", True), ("copied one-token", False)])
def test_a_strangers_invocation_stands_long_for_no_upload_of_a_function_that_names_its_own(
    monkeypatch: pytest.MonkeyPatch, line: str, ended: bool
) -> None:
    monkeypatch.setattr(following, "now_ms", lambda: NOW + NAMELESS_PAUSE_MS["emulated"] + 1000)
    watch = Watch(a_lab(), Connection(endpoint_url="https://test"), lambda _: None, lambda _: False)
    watch.add(*(Upload(name, name, f"{name}-token", signed_ms=NOW) for name in ("one", "two")))
    watch.uploads[0].finished = True
    watch.attempts = [working("1", line), working("2", at=500)]
    assert following.is_ended(watch, watch.uploads[1]) is ended


def test_an_upload_is_followed_again_when_its_own_invocation_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = [working("1"), working("2", "copied one-token", at=500)]
    monkeypatch.setattr(following, "read_attempts", lambda *_: given)
    watch = Watch(a_lab(), Connection(endpoint_url="https://test"), lambda _: None, lambda _: False)
    watch.add(Upload("one", "one", "one-token", signed_ms=NOW, finished=True, requests=["1"]))
    following.look(watch)
    assert watch.uploads[0].requests == ["2"]


def test_records_that_still_come_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [{"device_id": "d", "timestamp": str(n), "value": n} for n in range(3)]
    shown = iter([sent[:1], sent[:2], sent[:2], sent])
    monkeypatch.setattr(ingest, "stored_records", lambda *_: next(shown))
    monkeypatch.setattr(following, "read_attempts", lambda *_: [working("1", "one-token")])
    flow = ingest.Ingestion(a_lab(), Connection(endpoint_url="https://test"), 20)
    flow.records["bulk"] = ingest.Records(sent)
    flow.watch.add(Upload("bulk", "one", "one-token", signed_ms=NOW))
    finished = []
    for _ in range(3):
        following.look(flow.watch)
        finished.append(flow.watch.uploads[0].finished)
    assert finished == [False, False, True]
