"""The secure-ingestion lab's Lambda function, on real boto3 clients whose requests stay inside.

What it has in common with the other functions is in ``test_function_contract.py``.
"""

import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from resource import RUSAGE_SELF, getrusage
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes import refusal
from tests.support.function_fakes import (
    FILES,
    ONE_FUNCTION,
    SECRET,
    FakeService,
    Uploads,
    clients_of,
    load,
    only,
)
from tests.support.function_fakes import offline as offline
from tests.support.function_fakes import printed as printed

SOURCE = FILES / "secure-ingestion.py"
UPLOADS = Uploads("landing", "data.json")
record, event = UPLOADS.record, UPLOADS.event
MIB = 1024**2
LIMIT = 400 * 1024
UNREADABLE = "it is no JSON, larger than 400 KB or nested too deeply"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6
    ),
)
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
TIMES = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
EXTRAS = st.dictionaries(st.sampled_from(["unit", "é", "note", "x y"]), SCALARS, max_size=3)
VALID = st.builds(
    lambda extras, device, time, value: {
        **extras,
        "device_id": device,
        "timestamp": time,
        "value": value,
    },
    EXTRAS,
    st.sampled_from(["a", "b", "ç"]) | TEXTS.filter(bool),
    TIMES,
    NUMBERS,
)
INVALID = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.builds(
        lambda valid, name: {k: v for k, v in valid.items() if k != name},
        VALID,
        st.sampled_from(["device_id", "timestamp", "value"]),
    ),
    st.builds(
        lambda valid, name, bad: {**valid, name: bad},
        VALID,
        st.sampled_from(["device_id", "timestamp"]),
        st.sampled_from([None, "", 1, True, [], {}]),
    ),
    st.builds(
        lambda valid, bad: {**valid, "value": bad},
        VALID,
        st.sampled_from([None, "", "1", True, False, [], {}, [1]]),
    ),
    st.builds(
        lambda valid, bad: {**valid, "extra": bad}, VALID, st.sampled_from([[], {}, [1], {"a": 1}])
    ),
)
# What is no JSON, and still does not hide where the next value begins.
JUNK = st.sampled_from(
    [
        *(b"x", b"tru", b"-", b"'a'", b'"\\q"', b'"a\nb"', b"\xff\xfe", b"\\"),
        *(b'{"a" 1}', b"[1 2]", b'{"a": [}]}', b'{"a": "\xff"}', b'{,"]": "}"}', b"[" * 99),
    ]
).map(lambda junk: junk + b"]" * junk.count(b"[" * 99) * 99)


class Clock:
    """The time that Lambda leaves the function; sleeping and writing use it up."""

    def __init__(self, seconds: float = 300) -> None:
        self.left = seconds
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.sleeps.append(seconds)
        self.left -= seconds

    @property
    def context(self) -> Any:
        remaining = SimpleNamespace(get_remaining_time_in_millis=lambda: int(self.left * 1000))
        remaining.aws_request_id = "request-1"
        return remaining


class FakeAws(FakeService):
    """A landing bucket and a table, which sees the requests as they are sent."""

    def __init__(self) -> None:
        super().__init__(GetObject=self._get_object, BatchWriteItem=self._batch_write_item)
        self.objects: dict[str, Any] = {}
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.batches: list[list[dict[str, Any]]] = []
        self.bodies: list[StreamingBody] = []
        self.capacity: Iterator[int] = itertools.repeat(25)

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        if model.name == "BatchWriteItem":
            assert len(params["body"]) < 16 * MIB, "DynamoDB refuses larger requests"
            requests = json.loads(params["body"])["RequestItems"]["table"]
            self.batches.append([request["PutRequest"]["Item"] for request in requests])
        return super()._answer(model, params)

    def _get_object(self, params: dict[str, Any]) -> Any:
        content = self.objects[params["Key"]]
        raw = io.BytesIO(content) if isinstance(content, bytes) else content
        length = len(content) if isinstance(content, bytes) else None
        self.bodies.append(StreamingBody(raw, length))
        return {"Body": self.bodies[-1], "ContentLength": length}

    def _batch_write_item(self, _: Any) -> Any:
        items = self.batches[-1]
        keys = [(item["device_id"]["S"], item["timestamp"]["S"]) for item in items]
        assert 0 < len(set(keys)) == len(keys) <= 25
        taken = next(self.capacity)
        self.items.update(zip(keys[:taken], items[:taken], strict=True))
        left = [{"PutRequest": {"Item": dict(item)}} for item in items[taken:]]
        return {"UnprocessedItems": {"table": left} if left else {}}


@dataclass(frozen=True)
class Outcome:
    """What the function said of one file."""

    lines: list[dict[str, Any]]

    @property
    def counts(self) -> tuple[int, int]:
        return self.lines[-1]["written"], self.lines[-1]["rejected"]

    @property
    def rejected(self) -> list[tuple[int, str]]:
        said = [line for line in self.lines if line["message"] == "record rejected"]
        return [(line["index"], line["reason"]) for line in said]

    @property
    def damage(self) -> str | None:
        said = [line["reason"] for line in self.lines if line["message"] == "the file is damaged"]
        return only(said) if said else None


def reading(index: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a valid record, with a key of its own."""
    time = f"2026-01-{index // 86400 + 1:02}T{index // 3600 % 24:02}:{index // 60 % 60:02}"
    return {"device_id": "a", "timestamp": f"{time}:{index % 60:02}Z", "value": index, **changes}


def to_json(value: Any, **options: Any) -> str:
    """Return JSON in which a Decimal is written as it is."""
    text = json.dumps(value, default=lambda number: f"decimal:{number}:decimal", **options)
    return text.replace('"decimal:', "").replace(':decimal"', "")


def by_key(records: list[Any]) -> dict[tuple[str, str], Any]:
    """Return the last record of each key, with its numbers as they are written."""
    read = json.loads(to_json(records), parse_float=Decimal, parse_int=Decimal)
    return {(record["device_id"], record["timestamp"]): record for record in read}


def plain(item: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a record as its item tells it."""

    def value(kind: str, content: Any) -> Any:
        return {"N": Decimal, "S": str, "BOOL": bool, "NULL": lambda _: None}[kind](content)

    return {name: value(*only(attribute.items())) for name, attribute in item.items()}


def stored(aws: FakeAws) -> dict[tuple[str, str], Any]:
    return {key: plain(item) for key, item in aws.items.items()}


@pytest.fixture
def clock(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(function, "time", SimpleNamespace(sleep=clock.sleep))
    return clock


@pytest.fixture(scope="module")
def function(offline: None) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TABLE_NAME", "table")
        yield load(SOURCE)


@pytest.fixture
def aws(function: ModuleType) -> Iterator[FakeAws]:
    with FakeAws().listening_to(*clients_of(function)) as fake:
        yield fake


@pytest.fixture
def run(function: ModuleType, aws: FakeAws, clock: Clock) -> Callable[..., Any]:
    return lambda given_event: function.lambda_handler(given_event, clock.context)


@pytest.fixture
def ingest(run: Any, aws: FakeAws, printed: Any) -> Callable[..., Outcome]:
    """Upload a file of these records, or with this content, and return what became of it."""

    def upload(content: Any) -> Outcome:
        is_raw = isinstance(content, bytes | io.IOBase)
        aws.items.clear()
        aws.objects["data.json"] = content if is_raw else to_json(content).encode()
        run(event())
        return Outcome(printed())

    return upload


class TestFile:
    def test_comes_with_a_sample_of_12_valid_records_and_3_bad_ones(
        self, ingest: Any, aws: FakeAws
    ) -> None:
        sample = (FILES / "records.json").read_bytes()
        outcome = ingest(sample)
        assert outcome.counts == (12, 3)
        rejected = [index for index, _ in outcome.rejected]
        records = json.loads(sample, parse_float=Decimal)
        valid = [record for index, record in enumerate(records) if index not in rejected]
        assert list(stored(aws).values()) == valid

    def test_of_nothing_but_a_folder_marker_is_passed_over(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        aws.objects["in/"] = b""
        run(event(record("in/", size=0)))
        assert only(printed())["level"] == "INFO"

    def test_that_only_looks_like_a_folder_is_not(self, run: Any, aws: FakeAws) -> None:
        aws.objects["in/"] = to_json([reading()]).encode()
        run(event(record("in/")))
        assert len(aws.items) == 1

    @pytest.mark.parametrize("content", [b"[]", b"junk", b"[{}]"])
    def test_is_closed(self, ingest: Any, aws: FakeAws, content: bytes) -> None:
        ingest(content)
        assert only(aws.bodies)._raw_stream.closed


class TestReading:
    @ONE_FUNCTION
    @given(
        mix=st.lists(
            st.tuples(st.just(True), VALID) | st.tuples(st.just(False), INVALID | JUNK), max_size=60
        ),
        indent=st.sampled_from([None, 0, 3]),
        ascii_only=st.booleans(),
        frame=st.sampled_from(["[", "\ufeff[", " \r\n\t[", "\ufeff\n[ "]),
        chunk_size=st.integers(1, 99) | st.just(65536),
    )
    def test_loses_no_valid_record_whatever_stands_between_and_however_it_arrives(
        self,
        function: ModuleType,
        ingest: Any,
        aws: FakeAws,
        mix: list[tuple[bool, Any]],
        indent: int | None,
        ascii_only: bool,
        frame: str,
        chunk_size: int,
    ) -> None:
        parts = [
            part
            if isinstance(part, bytes)
            else to_json(part, indent=indent, ensure_ascii=ascii_only).encode()
            for _, part in mix
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(function, "CHUNK_SIZE", chunk_size)
            outcome = ingest(frame.encode() + b" ,\n".join(parts) + b" ]\n")
        assert stored(aws) == by_key([part for is_valid, part in mix if is_valid])
        bad = [index for index, (is_valid, _) in enumerate(mix) if not is_valid]
        assert [index for index, _ in outcome.rejected] == bad
        assert outcome.counts == (len(mix) - len(bad), len(bad))
        assert outcome.damage is None

    @ONE_FUNCTION
    @given(
        records=st.lists(VALID, max_size=5),
        at=st.integers(0),
        tail=st.sampled_from([b"", b"\xff", b"\xe2\x82", b" \x00"]),
        chunk_size=st.integers(1, 99),
    )
    def test_of_a_file_cut_anywhere_keeps_every_whole_record_and_says_that_it_is_cut(
        self,
        function: ModuleType,
        ingest: Any,
        aws: FakeAws,
        records: list[Any],
        at: int,
        tail: bytes,
        chunk_size: int,
    ) -> None:
        parts = [to_json(record, ensure_ascii=False).encode() for record in records]
        content = b"[" + b", ".join(parts) + b"]"
        at %= len(content)
        ends = list(itertools.accumulate((len(part) + 2 for part in parts), initial=-1))[1:]
        whole = [record for record, end in zip(records, ends, strict=True) if end <= at]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(function, "CHUNK_SIZE", chunk_size)
            outcome = ingest(content[:at] + tail)
        assert stored(aws) == by_key(whole)
        assert outcome.counts == (len(whole), 0)
        assert outcome.damage

    @ONE_FUNCTION
    @given(
        texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=99), max_size=6),
        chunk_size=st.integers(1, 40),
    )
    def test_passes_over_what_is_too_large_and_takes_the_rest(
        self, function: ModuleType, ingest: Any, aws: FakeAws, texts: list[str], chunk_size: int
    ) -> None:
        records = [reading(index, note=text) for index, text in enumerate(texts)]
        parts = [to_json(record, ensure_ascii=False).encode() for record in records]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(function, "CHUNK_SIZE", chunk_size)
            patch.setattr(function, "MAX_RECORD_SIZE", 120)
            outcome = ingest(b"[" + b",".join(parts) + b"]")
        fit = [row for row, part in zip(records, parts, strict=True) if len(part) <= 120]
        assert stored(aws) == by_key(fit)
        assert {reason for _, reason in outcome.rejected} <= {UNREADABLE}
        assert outcome.damage is None

    @pytest.mark.parametrize("filler", ["x", "é", r"\"", r"\\", "]}", "😀", ","])
    @pytest.mark.parametrize(
        ("kind", "size"),
        [
            ('"%s"', LIMIT),
            ('["%s"]', LIMIT),
            ('{"a": [{}, "%s", 1], "%s": {}}', LIMIT),
            ('{"a": "%s"}', MIB),
        ],
    )
    def test_passes_over_a_huge_value_among_good_ones(
        self, ingest: Any, aws: FakeAws, kind: str, filler: str, size: int
    ) -> None:
        huge = kind.replace("%s", filler * (size // len(filler.encode()) + 1))
        good = [to_json(reading(index)) for index in range(2)]
        outcome = ingest(f"[{good[0]}, {huge} , {good[1]}, {huge}]".encode())
        assert outcome.rejected == [(1, UNREADABLE), (3, UNREADABLE)]
        assert (len(aws.items), outcome.damage) == (2, None)

    def test_passes_over_a_number_without_end(self, ingest: Any, aws: FakeAws) -> None:
        outcome = ingest(f"[{'1' * MIB}, {to_json(reading())}]".encode())
        assert (outcome.rejected, len(aws.items)) == ([(0, UNREADABLE)], 1)

    @pytest.mark.parametrize("filler", ["x", "é", "😀"])
    def test_takes_a_record_of_400_kb_and_not_a_byte_more(
        self, ingest: Any, aws: FakeAws, filler: str
    ) -> None:
        room = LIMIT - len(to_json(reading(note="")))
        text = filler * (room // len(filler.encode()))
        text += "x" * (room - len(text.encode()))
        assert ingest(to_json([reading(note=text)], ensure_ascii=False).encode()).counts == (1, 0)
        assert ingest(to_json([reading(note=text + "x")], ensure_ascii=False).encode()).counts == (
            0,
            1,
        )

    @pytest.mark.parametrize("gap", [1, 65535, MIB])
    def test_passes_over_any_white_space(self, ingest: Any, gap: int) -> None:
        good = [to_json(reading(index)) for index in range(2)]
        assert ingest((" " * gap).join(["[", good[0], ",", good[1], "]"]).encode()).counts == (2, 0)

    @pytest.mark.parametrize("depth", [32, 900, 1000, 1001, 5000, 500_000])
    def test_rejects_deep_values_and_calls_the_deepest_damage(
        self, ingest: Any, aws: FakeAws, depth: int
    ) -> None:
        deep = "[" * depth + "]" * depth
        good = [to_json(reading(index)) for index in range(2)]
        outcome = ingest(f"[{good[0]}, {deep}, {good[1]}]".encode())
        assert outcome.damage in (None, "it is nested too deeply")
        assert len(aws.items) == (1 if outcome.damage else 2)
        assert depth > 1000 or not outcome.damage

    @pytest.mark.parametrize(
        "junk",
        [
            *(b"x", b"\0", bytes(range(256)), b"\xff\xd8\xff\xe0", b"[", b"[x", b"[{", b"[1"),
            *(b'[{"a":', b'{"a":1}', b"[]", b'[{"a": "b"}\n', "[1]".encode("utf-16")),
        ],
        ids=lambda junk: repr(junk[:6]),
    )
    def test_refuses_10_mb_of_junk_without_reading_it_all(self, ingest: Any, junk: bytes) -> None:
        raw = io.BytesIO(junk * (10_000_000 // len(junk)))
        raw.close = lambda: None  # type: ignore[method-assign]
        outcome = ingest(raw)
        assert outcome.counts[0] == 0
        assert outcome.damage
        assert 0 < raw.tell() <= MIB
        assert outcome.lines[-2]["level"] == "ERROR"


class TestDamage:
    @pytest.mark.parametrize(
        ("content", "written", "reason", "character"),
        [
            (b"", 0, "it is not a JSON array", 0),
            (b" \n", 0, "it ends early", 2),
            (b"\xef\xbb\xbf", 0, "it is not a JSON array", 0),
            (b"device,value\n", 0, "it is not a JSON array", 0),
            (b'{"device_id": "a"}', 0, "it is not a JSON array", 0),
            (b"\xff\xfe[", 0, "it is not a JSON array", 0),
            (b"[", 0, "it ends early", 1),
            (b"[%d", 1, "it ends early", None),
            (b"[%d, ", 1, "it ends early", None),
            (b"[%d, {", 1, "it ends early", None),
            (b'[%d, {"device_id": "a', 1, "it ends early", None),
            (b"[%d %d]", 1, "a comma or the end of the array is missing", None),
            (b"[%d, %d01, %d]", 2, "a comma or the end of the array is missing", None),
            (b"[%d} %d]", 1, "a comma or the end of the array is missing", None),
            (b"[%d\xc2\xa0, %d]", 1, "a comma or the end of the array is missing", None),
            (b"[%d]%d", 1, "something follows the array", None),
            (b"[%d] []", 1, "something follows the array", None),
            (b"[%d, %d]\xff", 2, "something follows the array", None),
            (b"[%d, %d\xe2\x82", 2, "a comma or the end of the array is missing", None),
        ],
    )
    def test_of_a_file_keeps_what_came_before_says_where_it_is_and_does_not_raise(
        self,
        ingest: Any,
        aws: FakeAws,
        content: bytes,
        written: int,
        reason: str,
        character: int | None,
    ) -> None:
        indexes = itertools.count()
        while b"%d" in content:
            content = content.replace(b"%d", to_json(reading(next(indexes))).encode(), 1)
        error, summary = ingest(content).lines
        assert len(aws.items) == written
        assert (error["level"], error["reason"], error["index"]) == ("ERROR", reason, written)
        assert character in (None, error["character"])
        assert (summary["level"], summary["written"]) == ("WARNING", written)

    @pytest.mark.parametrize(
        "content",
        [b"[%d, %d,]", b"[%d, x, %d]", b"[%d, '%d', %d]", b'[%d, {"a": "\n"}, %d]', b"[%d,,%d]"],
    )
    def test_of_one_value_is_a_rejected_record(
        self, ingest: Any, aws: FakeAws, content: bytes
    ) -> None:
        for index in itertools.count():
            if b"%d" not in content:
                break
            content = content.replace(b"%d", to_json(reading(index)).encode(), 1)
        outcome = ingest(content)
        assert [reason for _, reason in outcome.rejected] == [UNREADABLE]
        assert (len(aws.items), outcome.damage) == (2, None)

    def test_is_placed_by_its_character_also_far_into_a_file(self, ingest: Any) -> None:
        text = to_json([reading(i, note="é") for i in range(3000)])[:-1]
        outcome = ingest(f"{text} x]".encode())
        assert outcome.counts == (3000, 0)
        line = next(line for line in outcome.lines if line["level"] == "ERROR")
        assert (line["index"], line["character"]) == (3000, len(text) + 1)

    def test_does_not_stop_later_files(self, run: Any, aws: FakeAws, printed: Any) -> None:
        aws.objects |= {"bad": b"junk", "good": to_json([reading()]).encode()}
        run(event(record("bad"), record("good")))
        ends = [line for line in printed() if line["message"] == "ingested"]
        assert [(line["key"], line["written"]) for line in ends] == [("bad", 0), ("good", 1)]


class TestRecord:
    @pytest.mark.parametrize(
        "timestamp",
        [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.678+01:00",
            "2026-01-02 03:04:05",
            "2026-01-02T03:04",
            "2026-01-02",
            "20260102T030405Z",
            "2026-W01-5",
        ],
    )
    def test_has_a_timestamp_in_iso_8601_which_is_stored_as_written(
        self, ingest: Any, aws: FakeAws, timestamp: str
    ) -> None:
        assert ingest([reading(timestamp=timestamp)]).counts == (1, 0)
        assert only(aws.items) == ("a", timestamp)

    @pytest.mark.parametrize(
        ("number", "stored"),
        [
            ("0", "0"),
            ("-0.0", "0"),
            ("0e999", "0"),
            ("21.50", "21.50"),
            ("0.1", "0.1"),
            ("-12", "-12"),
            ("1" * 38, "1" * 38),
            ("0." + "1" * 38, "0." + "1" * 38),
            ("0.00" + "1" * 38, "0.00" + "1" * 38),
            ("1" + "0" * 125, "1.0000000000000000000000000000000000000E+125"),
            ("1e-130", "1E-130"),
            ("-9.99e125", "-9.99E+125"),
        ],
    )
    def test_has_a_number_which_is_stored_exactly(
        self, ingest: Any, aws: FakeAws, number: str, stored: str
    ) -> None:
        content = to_json(reading(value="here", other="here")).replace('"here"', number)
        assert ingest(f"[{content}]".encode()).counts == (1, 0)
        item = only(aws.items.values())
        assert item["value"] == item["other"] == {"N": stored}
        assert Decimal(stored) == Decimal(number)

    @pytest.mark.parametrize(
        "number",
        [
            *("1" * 39, "0." + "1" * 39, "1e126", "1e-131", "1e999999999999999999999", "1" * 5000),
            *("NaN", "Infinity", "-Infinity"),
        ],
        ids=lambda number: number[:12],
    )
    @pytest.mark.parametrize("field", ["value", "other"])
    def test_with_a_number_that_dynamodb_cannot_hold_is_rejected(
        self, ingest: Any, field: str, number: str
    ) -> None:
        content = to_json(reading(**{field: "here"})).replace('"here"', number)
        outcome = ingest(f"[{content}, {to_json(reading(1))}]".encode())
        assert outcome.counts == (1, 1)
        assert field in outcome.rejected[0][1]
        assert outcome.rejected[0][1].endswith("that DynamoDB can hold")

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (None, "it is not an object"),
            ("text", "it is not an object"),
            (UNREADABLE, "it is not an object"),
            ([reading()], "it is not an object"),
            ({}, "device_id is missing, or no text that DynamoDB can hold"),
            ({"device_id": "a", "value": 1}, "timestamp is missing, or no text"),
            ({"device_id": "a", "timestamp": "2026-01-02"}, "value is missing, or no number"),
            (reading(device_id=""), "device_id is empty, or longer than 2048 bytes"),
            (reading(device_id="é" * 1025), "device_id is empty, or longer than 2048 bytes"),
            (reading(device_id=7), "device_id is missing, or no text"),
            (reading(device_id=None), "device_id is missing, or no text"),
            (reading(device_id="\ud800"), "'device_id' is no text, number, boolean or null"),
            (reading(timestamp=""), "timestamp is empty, or longer than 1024 bytes"),
            (
                reading(timestamp="2026-01-02T03:04:05." + "0" * 1024),
                "timestamp is empty, or longer than 1024 bytes",
            ),
            (reading(timestamp=1767322445), "timestamp is missing, or no text"),
            (reading(timestamp="yesterday"), "timestamp is not ISO 8601"),
            (reading(timestamp="2026-02-30"), "timestamp is not ISO 8601"),
            (reading(timestamp="2026-01-02T25:00:00Z"), "timestamp is not ISO 8601"),
            (reading(timestamp="9999-12-31T24:00:01"), "timestamp is not ISO 8601"),
            (reading(value="1"), "value is missing, or no number"),
            (reading(value=True), "value is missing, or no number"),
            (reading(value=None), "value is missing, or no number"),
            (reading(value=[1]), "value is missing, or no number"),
            (reading(place={"lat": 1}), "'place' is no text, number, boolean or null"),
            (reading(tags=["a"]), "'tags' is no text, number, boolean or null"),
            (reading(note="\udfff"), "'note' is no text, number, boolean or null"),
            (reading(**{"": 1}), "DynamoDB does not take the field name ''"),
            (reading(**{"\ud800": 1}), r"DynamoDB does not take the field name '\ud800'"),
            (reading(**{"é" * 32768: 1}), f"DynamoDB does not take the field name '{'é' * 50}'"),
            (reading(**{"x" * 99: []}), f"'{'x' * 50}' is no text, number, boolean or null"),
            (reading(note="x" * LIMIT), UNREADABLE),
        ],
        ids=lambda value: value[:30] if isinstance(value, str) else "",
    )
    def test_that_is_not_valid_is_rejected_with_its_index_and_reason_and_stops_no_other(
        self, ingest: Any, aws: FakeAws, bad: Any, reason: str
    ) -> None:
        outcome = ingest([reading(1), bad, reading(2)])
        assert (outcome.counts, outcome.damage) == ((2, 1), None)
        assert [plain(item)["value"] for item in aws.items.values()] == [1, 2]
        line = outcome.lines[0]
        assert line.pop("reason").startswith(reason)
        assert line == {
            "level": "WARNING",
            "message": "record rejected",
            "bucket": "landing",
            "key": "data.json",
            "version_id": None,
            "request_id": "request-1",
            "index": 1,
        }

    def test_keeps_its_simple_extra_fields(self, ingest: Any, aws: FakeAws) -> None:
        extra = {"unit": "°C", "empty": "", "ok": True, "off": False, "note": None, "n": 0.25}
        record = reading(**extra, **{"x" * 65535: "y", "😀": "\0"})
        assert ingest([record]).counts == (1, 0)
        item = only(aws.items.values())
        assert plain(item) == record
        assert (item["ok"], item["note"]) == ({"BOOL": True}, {"NULL": True})

    def test_has_keys_of_up_to_2048_bytes(self, ingest: Any) -> None:
        assert ingest([reading(device_id="é" * 1024)]).counts == (1, 0)

    @pytest.mark.parametrize("count", [1, 99, 100, 101, 150])
    def test_that_is_rejected_has_a_line_up_to_the_hundredth_then_only_counts(
        self, ingest: Any, count: int
    ) -> None:
        outcome = ingest([{}] * count + [reading()])
        assert [index for index, _ in outcome.rejected] == list(range(min(count, 100)))
        assert len(outcome.lines) == min(count, 100) + 1
        assert (outcome.counts, outcome.lines[-1]["level"]) == ((1, count), "WARNING")


class TestWriting:
    @pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 50, 60])
    def test_sends_25_records_at_a_time(self, ingest: Any, aws: FakeAws, count: int) -> None:
        outcome = ingest([reading(i) for i in range(count)])
        sizes = [len(batch) for batch in aws.batches]
        assert sizes == [25] * (count // 25) + [count % 25] * (count % 25 > 0)
        assert (outcome.counts, len(aws.items)) == ((count, 0), count)
        assert outcome.lines[-1]["level"] == "INFO"

    def test_sends_again_what_was_not_processed_and_nothing_else(
        self, ingest: Any, aws: FakeAws, clock: Clock
    ) -> None:
        aws.capacity = itertools.chain([10, 0, 14], itertools.repeat(25))
        assert ingest([reading(i) for i in range(30)]).counts == (30, 0)
        assert [len(batch) for batch in aws.batches] == [25, 15, 15, 1, 5]
        assert [plain(item)["value"] for item in aws.batches[1]] == list(range(10, 25))
        assert len(aws.items) == 30
        assert len(clock.sleeps) == 3

    def test_waits_longer_from_try_to_try_and_at_random(
        self, ingest: Any, aws: FakeAws, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limits: list[tuple[float, float]] = []

        def uniform(low: float, high: float) -> float:
            limits.append((low, high))
            return high / 2

        monkeypatch.setattr("random.uniform", uniform)
        aws.capacity = itertools.chain([0] * 12, itertools.repeat(25))
        ingest([reading()])
        assert {low for low, _ in limits} == {0}
        first, *highs = [high for _, high in limits]
        assert first == 0
        assert highs[0] < 0.2
        assert all(a < b or a == b > 5 for a, b in itertools.pairwise(highs))
        assert highs[-1] < 10
        assert clock.sleeps == [high / 2 for high in highs]

    @pytest.mark.parametrize(
        "code",
        ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"],
    )
    def test_tries_again_where_the_whole_request_was_throttled(
        self, ingest: Any, aws: FakeAws, code: str
    ) -> None:
        answers = iter([refusal(code, "BatchWriteItem"), refusal(code, "BatchWriteItem")])
        write = aws.answers["BatchWriteItem"]
        aws.answers["BatchWriteItem"] = lambda params: next(answers, None) or write(params)
        assert ingest([reading(i) for i in range(3)]).counts == (3, 0)
        assert [len(batch) for batch in aws.batches] == [3, 3, 3]
        assert len(aws.items) == 3

    def test_leaves_most_retries_to_the_function(self, function: ModuleType) -> None:
        retries = function.dynamodb.meta.client.meta.config.retries
        assert retries["mode"] == "standard"
        assert retries.get("total_max_attempts", 3) <= 3

    def test_raises_in_time_where_records_stay_unwritten(
        self, run: Any, aws: FakeAws, clock: Clock, printed: Any
    ) -> None:
        aws.objects["data.json"] = to_json([reading(i) for i in range(60)]).encode()
        aws.capacity = itertools.chain([25], itertools.repeat(0))
        with pytest.raises(TimeoutError, match=r"25 records of a batch are not written, nor"):
            run(event())
        assert 0.9 < clock.left < 1.01
        line = only(printed())
        assert (line["level"], line["written"]) == ("ERROR", 25)
        assert (line["error_code"], line["key"]) == ("TimeoutError", "data.json")

    def test_begins_no_batch_for_which_there_is_no_time(
        self, run: Any, aws: FakeAws, clock: Clock
    ) -> None:
        def slow(params: dict[str, Any]) -> Any:
            clock.left -= 1
            return aws._batch_write_item(params)

        clock.left, aws.answers["BatchWriteItem"] = 3.5, slow
        aws.objects["data.json"] = to_json([reading(i) for i in range(200)]).encode()
        with pytest.raises(TimeoutError):
            run(event())
        assert len(aws.batches) == 3

    @pytest.mark.parametrize("apart", [1, 20, 24, 25, 40, 1000])
    def test_of_one_key_twice_keeps_the_later_record(
        self, ingest: Any, aws: FakeAws, apart: int
    ) -> None:
        records = [reading(0, value=-1, note="old"), *map(reading, range(1, apart)), reading(0)]
        assert ingest(records).counts == (apart + 1, 0)
        assert stored(aws) == by_key(records)
        assert ingest(records[::-1]).counts == (apart + 1, 0)
        assert stored(aws) == by_key(records[::-1])

    def test_of_one_key_twice_keeps_the_later_record_also_where_capacity_is_short(
        self, ingest: Any, aws: FakeAws
    ) -> None:
        records = [reading(i % 20, value=i) for i in range(100)]
        aws.capacity = itertools.cycle([3, 0, 25])
        assert ingest(records).counts == (100, 0)
        assert stored(aws) == by_key(records)

    @pytest.mark.parametrize("filler", ["é", "\x7f", "x"])
    def test_keeps_requests_of_large_records_below_16_mb(
        self, ingest: Any, aws: FakeAws, filler: str
    ) -> None:
        note = filler * (400_000 // len(filler.encode()))
        records = [reading(i, note=note) for i in range(30)]
        assert ingest(to_json(records, ensure_ascii=False).encode()).counts == (30, 0)
        assert len(aws.items) == 30

    def test_of_a_file_again_is_the_same(self, ingest: Any, aws: FakeAws) -> None:
        records = [reading(i) for i in range(30)]
        first = ingest(records), dict(aws.items)
        assert (ingest(records), aws.items) == first


class TestFailure:
    def test_to_write_is_raised_at_once_with_what_was_written_before(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        refused = refusal("AccessDeniedException", "BatchWriteItem", "no BatchWriteItem")
        write, batches = aws.answers["BatchWriteItem"], itertools.count()
        aws.answers["BatchWriteItem"] = lambda p: write(p) if next(batches) < 2 else refused
        aws.objects["data.json"] = to_json([reading(i) for i in range(200)]).encode()
        with pytest.raises(ClientError, match="no BatchWriteItem"):
            run(event())
        assert len(aws.batches) == 3
        line = only(printed())
        assert (line["written"], line["error_code"]) == (50, "AccessDeniedException")

    def test_of_the_connection_is_raised_and_is_no_damage(
        self, run: Any, aws: FakeAws, printed: Any
    ) -> None:
        content = to_json([reading(i) for i in range(3000)]).encode()
        aws.objects["data.json"] = raw = io.BytesIO(content[:100_000])
        get = aws.answers["GetObject"]
        aws.answers["GetObject"] = lambda p: {**get(p), "Body": StreamingBody(raw, len(content))}
        with pytest.raises(IncompleteReadError):
            run(event())
        assert only(printed())["error_code"] == "IncompleteReadError"

    def test_never_shows_a_record(
        self, run: Any, aws: FakeAws, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad = [reading(value=SECRET), reading(extra=[SECRET]), SECRET]
        aws.objects["data.json"] = to_json([reading(note=SECRET), *bad]).encode() + SECRET.encode()
        run(event())
        aws.deny("BatchWriteItem", "AccessDeniedException")
        with pytest.raises(ClientError):
            run(event())
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err


class ManyRecords(io.RawIOBase):
    """A file of many records that is made while it is read."""

    def __init__(self, count: int) -> None:
        self.parts = (self._part(index, count) for index in range(count))
        self.rest, self.given, self.largest = b"[", 0, 0

    @staticmethod
    def _part(index: int, count: int) -> bytes:
        time = f"2026-01-01T{index // 3600 % 24:02}:{index // 60 % 60:02}:{index % 60:02}Z"
        text = '{"device_id": "device-%06d", "timestamp": "%s", "value": %7.2f}%s'
        end = "]" if index == count - 1 else ","
        return (text % (index // 86400, time, index % 9999 / 4, end)).encode()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size) if size > 0 else sys.maxsize
        while len(self.rest) < size and (part := next(self.parts, b"")):
            self.rest += part
        piece, self.rest = self.rest[:size], self.rest[size:]
        self.given += len(piece)
        return piece


class TestSize:
    def test_of_30_000_records_needs_no_more_than_a_window_of_the_file(
        self, ingest: Any, aws: FakeAws
    ) -> None:
        body, written, ahead = ManyRecords(30_000), 0, 0
        size = len(ManyRecords._part(0, 2))

        def write(_: Any) -> Any:
            nonlocal written, ahead
            written += len(aws.batches.pop())
            ahead = max(ahead, body.given - size * written)
            return {"UnprocessedItems": {}}

        aws.answers["BatchWriteItem"] = write
        assert ingest(body).counts == (30_000, 0)
        assert written == 30_000
        assert body.given > 2_000_000
        assert body.largest <= LIMIT
        assert ahead <= LIMIT + 2 * 65536

    @pytest.mark.skipif("TEST_LARGE_FILES" not in os.environ, reason="needs TEST_LARGE_FILES=1")
    def test_of_1_000_000_records_fits_in_256_mb(self) -> None:
        script = f"from {__name__} import ingest_many; ingest_many(1_000_000)"
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=FILES.parent, capture_output=True, text=True, check=True)
        end, peak = map(json.loads, done.stdout.splitlines())
        assert end["written"] == 1_000_000
        assert peak < 256 * MIB


def ingest_many(count: int) -> None:
    """Ingest so many records, and print the peak of memory in bytes."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TABLE_NAME", "AWS_DEFAULT_REGION")
    os.environ |= dict.fromkeys(names, "table")
    module, aws = load(SOURCE), FakeAws()

    def write(_: Any) -> Any:
        aws.batches.clear()
        aws.calls.clear()
        return {"UnprocessedItems": {}}

    aws.objects["data.json"], aws.answers["BatchWriteItem"] = ManyRecords(count), write
    with aws.listening_to(*clients_of(module)):
        module.lambda_handler(event(), Clock().context)
    unit = 1 if sys.platform == "darwin" else 1024
    print(unit * getrusage(RUSAGE_SELF).ru_maxrss)
