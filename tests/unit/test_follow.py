"""One upload, followed through a lab that is played by fakes."""

import hashlib
import itertools
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from labproof.aws.connection import Connection
from labproof.aws.errors import AwsError
from labproof.evidence.uploads import following
from labproof.evidence.uploads.attribution import Awaited, Calls
from labproof.evidence.uploads.flows import ingest
from labproof.evidence.uploads.flows.base import certain
from labproof.evidence.uploads.flows.transfer import TransferProbe
from labproof.evidence.uploads.following import PAUSES_MS, Followed, Following
from labproof.evidence.uploads.invocations import MAX_LINE, Invocation
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


def digest(seen: SimpleNamespace) -> tuple[str, int]:
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
            "list_objects_v2": {},
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

    def follow(self, timeout: float = 10, sha256: str | None = SHA) -> SimpleNamespace:
        """Follow an upload that a client made; return its evidence."""
        client = Upload("client", KEY, sha256=sha256, signed_ms=NOW, uploaded_ms=NOW + 50)
        probe = TransferProbe(a_lab(), self.connection, timeout, client=client)
        probe.send()
        probe.follow()
        certain(probe.following.log)
        return SimpleNamespace(**certain(probe.following["client"].as_evidence()))


def test_an_upload_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    seen = world.follow()
    assert seen.finished
    assert (seen.invoked_ms, seen.requests, seen.reported_ms) == (NOW + 100, ["1"], NOW + 100)
    assert (seen.copied_ms, digest(seen)) == (NOW + 500, (SHA, len(BODY)))
    assert (seen.audited_ms, seen.errors) == (NOW + 500, [])
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
    assert (len(seen.requests), len(seen.errors), len(world.pauses)) == (3, 3, 2)


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
    assert sum(world.pauses) == pytest.approx(PAUSES_MS[Awaited.RETRY]["aws"] / 1000, abs=3)


def test_what_another_try_mends_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    again = [*tries(1), *run("again", at=200, stream="t")]
    world = World(monkeypatch, filter_log_events=steps({"events": tries(1)}, {"events": again}))
    seen = world.follow()
    assert (seen.errors, len(seen.requests)) == ([], 2)
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


def seen_in(monkeypatch: pytest.MonkeyPatch, *events: dict[str, Any]) -> SimpleNamespace:
    return World(monkeypatch, filter_log_events={"events": list(events)}).follow(timeout=0)


def test_other_uploads_in_other_streams_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    other = run("2", "[ERROR] other upload", at=10, stream="t")
    seen = seen_in(monkeypatch, *other, *run())
    assert (seen.requests, seen.errors) == (["1"], [])


def test_other_uploads_in_the_same_stream_are_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, after = run("2", "[ERROR] before", at=10), run("3", "[ERROR] after", at=200)
    seen = seen_in(monkeypatch, *before, *run()[:2], *after)
    assert (seen.requests, seen.errors, seen.reported_ms) == (["1"], [], None)


def test_an_earlier_upload_to_the_same_key_is_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = seen_in(monkeypatch, *run("0", at=-1, stream="t"), *run(at=0))
    assert (seen.requests, seen.invoked_ms) == (["1"], NOW)


def test_a_clock_that_is_behind_hides_no_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen_in(monkeypatch, *run(at=-500)).requests == ["1"]


def test_a_function_that_names_no_key_is_followed_by_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = seen_in(monkeypatch, *run("1", "copied"))
    assert (seen.requests, bool(seen.copied_ms)) == (["1"], True)


def test_what_a_silent_function_may_yet_do_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = {"events": run("1", "done")}
    world = World(monkeypatch, get_object=absent(), filter_log_events=silent)
    assert world.follow(timeout=60).finished
    assert sum(world.pauses) == pytest.approx(PAUSES_MS[Awaited.ANOTHER]["aws"] / 1000, abs=3)


def test_what_was_taken_for_ours_is_put_right_by_what_comes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = run("2", "[ERROR] other", at=10, stream="t")[:2]
    answers = steps({"events": other}, {"events": [*other, *run()]})
    seen = World(monkeypatch, filter_log_events=answers).follow()
    assert (seen.requests, seen.errors) == (["1"], [])


@pytest.mark.parametrize("line", [json.dumps({"key": KEY}), "probe/ERROR+%C3%A9+1.zip"])
def test_a_key_is_recognised_in_the_form_that_it_is_logged_in(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    seen = seen_in(monkeypatch, *run("2", "x", at=1, stream="t"), *run("1", line))
    assert (seen.requests, seen.errors) == (["1"], [])


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


class Effects:
    """A flow that looks for nothing."""

    def look(self, following: Following) -> None:
        pass


def working(request: str, line: str = "done", at: int = 0) -> Invocation:
    return Invocation(request, NOW + at, NOW + at + 10, False, [line])


@pytest.mark.parametrize(("line", "ended"), [("done", True), ("copied one-token", False)])
def test_what_a_function_names_is_waited_for_longer(
    monkeypatch: pytest.MonkeyPatch, line: str, ended: bool
) -> None:
    pause = PAUSES_MS[Awaited.ANOTHER]["emulated"]
    monkeypatch.setattr(following, "now_ms", lambda: NOW + pause + 1000)
    log = [working("1", line), working("2", at=500)]
    monkeypatch.setattr(following, "read_invocations", lambda *_: log)
    watched = Following(a_lab(), Connection(endpoint_url="https://test"), Effects())
    uploads = [Upload(name, name, f"{name}-token", signed_ms=NOW) for name in ("one", "two")]
    watched.add(Followed(uploads[0], finished=True), Followed(uploads[1]))
    watched.look()
    assert watched["two"].finished is ended


def test_an_upload_is_followed_again_when_its_own_invocation_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = [working("1"), working("2", "copied one-token", at=500)]
    monkeypatch.setattr(following, "read_invocations", lambda *_: log)
    watched = Following(a_lab(), Connection(endpoint_url="https://test"), Effects())
    one = Upload("one", "one", "one-token", signed_ms=NOW)
    watched.add(Followed(one, calls=Calls(requests=["1"]), finished=True))
    watched.look()
    assert watched["one"].calls.requests == ["2"]


def test_records_that_still_come_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [{"device_id": "d", "timestamp": str(n), "value": n} for n in range(3)]
    items = [{"device_id": {"S": "d"}, "timestamp": {"S": str(n)}} for n in range(3)]
    shown = iter([items[:1], items[:2], items[:2], items])
    monkeypatch.setattr(ingest, "query_key", lambda *_: next(shown))
    monkeypatch.setattr(following, "read_invocations", lambda *_: [working("1", "one-token")])
    probe = ingest.IngestProbe(a_lab(), Connection(endpoint_url="https://test"), 20)
    probe.records["bulk"] = ingest.Records(sent)
    upload = Upload("bulk", "one", "one-token", signed_ms=NOW)
    probe.following.add(Followed(upload, probe.effect(upload)))
    finished = []
    for _ in range(3):
        probe.following.look()
        finished.append(probe.following["bulk"].finished)
    assert finished == [False, False, True]
