"""Which invocation belongs to which upload, whatever a log holds."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.evidence.uploads.attribution import Attribution, Awaited
from labproof.evidence.uploads.invocations import CLOCK_TOLERANCE_MS, Invocation
from labproof.evidence.uploads.upload import Upload

NOW = 1_800_000_000_000
TOKENS = ("0a0a", "1b1b", "2c2c", "3d3d")
STRANGER = "9f9f"
Log = tuple[list[Upload], list[Invocation]]


def an_invocation(
    request: str, *named: str, at: int = 0, raised: bool = False, ended: bool = True
) -> Invocation:
    lines = [f"START RequestId: {request}", *(f"copied {token}.zip" for token in named)]
    lines += ["[ERROR] RuntimeError"] if raised else []
    start = NOW + at
    return Invocation(request, start, start + 10 if ended else None, raised, lines)


def an_upload(token: str, at: int = 0, earlier: frozenset[str | None] = frozenset()) -> Upload:
    return Upload(token, f"{token}.zip", token, signed_ms=NOW + at, earlier=earlier)


@st.composite
def logs(draw: st.DrawFn, naming: Callable[[int], st.SearchStrategy[list[str]]]) -> Log:
    """Return uploads, and invocations of which each names what ``naming`` says."""
    count = draw(st.integers(1, len(TOKENS)))
    times = st.integers(-5000, 5000)
    invocations = [
        an_invocation(
            str(number),
            *draw(naming(count)),
            at=draw(times),
            raised=draw(st.booleans()),
            ended=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    ids = st.frozensets(st.sampled_from([one.request_id for one in invocations] or ["none"]))
    return [an_upload(t, draw(times), draw(ids)) for t in TOKENS[:count]], invocations


def anything(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*TOKENS[:count], STRANGER]), max_size=2, unique=True)


def one_of_ours(count: int) -> st.SearchStrategy[list[str]]:
    return st.sampled_from(TOKENS[:count]).map(lambda token: [token])


def owned(log: Attribution) -> dict[str, set[str | None]]:
    return {u.label: {one.request_id for one in log.of(u)} for u in log.uploads}


@given(logs(anything))
def test_an_invocation_that_names_uploads_is_given_to_no_other(given_log: Log) -> None:
    log = Attribution(*given_log)
    for upload in log.uploads:
        for one in log.of(upload):
            assert log.named_by(one) == [] or upload in log.named_by(one)


@given(logs(anything), st.randoms(use_true_random=False))
def test_the_order_of_uploads_and_invocations_does_not_matter(
    given_log: Log, chance: random.Random
) -> None:
    uploads, invocations = given_log
    first = Attribution(uploads, invocations)
    other = Attribution(
        chance.sample(uploads, len(uploads)), chance.sample(invocations, len(invocations))
    )
    assert owned(first) == owned(other)
    for upload in uploads:
        state = (upload, uploads, False, 3)
        assert first.awaited(*state) == other.awaited(*state)


@given(logs(anything))
def test_an_invocation_from_before_an_upload_is_never_its_own(given_log: Log) -> None:
    log = Attribution(*given_log)
    for upload in log.uploads:
        own = log.of(upload)
        assert not {one.request_id for one in own} & upload.earlier
        if not log.is_named(upload):
            first = upload.signed_ms - CLOCK_TOLERANCE_MS
            assert all(one.started_ms >= first for one in own)


@given(logs(anything))
def test_what_came_before_all_uploads_is_nobodys(given_log: Log) -> None:
    uploads, invocations = given_log
    before = {one.request_id for one in invocations[::2]}
    found = owned(Attribution(uploads, invocations, before))
    assert not any(ids & before for ids in found.values())


@given(logs(anything))
def test_a_strangers_invocation_stands_for_no_upload_that_is_named(given_log: Log) -> None:
    log = Attribution(*given_log)
    strangers = [one for one in log.invocations if not log.named_by(one)]
    for upload in log.uploads:
        if log.is_named(upload):
            assert not any(one is stranger for one in log.of(upload) for stranger in strangers)


@given(logs(one_of_ours))
def test_uploads_get_exactly_those_that_name_them_where_all_do(given_log: Log) -> None:
    uploads, invocations = given_log
    fresh = [an_upload(upload.label, -5000) for upload in uploads]
    found = owned(Attribution(fresh, invocations))
    for upload in fresh:
        naming = {one.request_id for one in invocations if upload.token in "".join(one.lines)}
        assert found[upload.label] == naming


@given(logs(anything), st.booleans(), st.integers(1, 3))
def test_nothing_is_awaited_only_after_an_end(given_log: Log, seen: bool, tries: int) -> None:
    log = Attribution(*given_log)
    for upload in log.uploads:
        if log.awaited(upload, log.uploads, seen, tries) is not Awaited.END:
            assert any(one.ended_ms for one in log.of(upload))


@given(logs(anything), st.booleans())
def test_trouble_with_one_upload_is_not_told_of_another(given_log: Log, seen: bool) -> None:
    uploads, invocations = given_log
    lines = [f"[ERROR] no copy of {token}.zip" for token in TOKENS]
    loud = [Invocation(o.request_id, o.started_ms, o.ended_ms, True, lines) for o in invocations]
    log = Attribution(uploads, loud)
    for upload in uploads:
        calls = log.calls(upload, seen, 3)
        others = {one.token for one in uploads} - {upload.token}
        assert not any(token in line for line in calls.errors for token in others)


@pytest.mark.parametrize(("made", "spent"), [(3, False), (5, False), (6, True)])
def test_the_tries_of_another_upload_that_nothing_names_are_not_ours(
    made: int, spent: bool
) -> None:
    one, two = an_upload(TOKENS[0]), an_upload(TOKENS[1])
    log = Attribution([one, two], [an_invocation(str(n), raised=True) for n in range(made)])
    assert (log.awaited(two, [two], False, 3) is Awaited.NOTHING) is spent


@pytest.mark.parametrize(("raised", "awaited"), [(False, Awaited.END), (True, Awaited.RETRY)])
def test_an_invocation_that_nothing_names_does_not_stand_for_two_uploads(
    raised: bool, awaited: Awaited
) -> None:
    uploads = [an_upload(TOKENS[0]), an_upload(TOKENS[1])]
    log = Attribution(uploads, [an_invocation("1", raised=raised)])
    assert [log.awaited(one, uploads, False, 3) for one in uploads] == [awaited, awaited]


def test_a_function_that_names_what_it_works_on_will_name_the_next_one() -> None:
    one, two = an_upload(TOKENS[0]), an_upload(TOKENS[1])
    silent = Attribution([one, two], [an_invocation("1"), an_invocation("2", at=500)])
    assert silent.awaited(two, [two], False, 3) is Awaited.ANOTHER
    telling = Attribution([one, two], [an_invocation("1", one.token), an_invocation("2", at=500)])
    assert telling.awaited(two, [two], False, 3) is Awaited.OWN


def test_a_file_that_may_be_refused_by_an_error_is_awaited_once() -> None:
    log = [an_invocation("1", TOKENS[0], raised=True)]
    good, bad = an_upload(TOKENS[0]), Upload("bad", "k", TOKENS[0], may_fail=True, signed_ms=NOW)
    assert Attribution([good], log).awaited(good, [good], False, 3) is Awaited.RETRY
    assert Attribution([bad], log).awaited(bad, [bad], False, 3) is Awaited.NOTHING
