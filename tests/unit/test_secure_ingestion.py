"""The secure-ingestion lab's Lambda function, on real boto3 clients whose requests stay inside."""

import io
import itertools
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from resource import RUSAGE_SELF, getrusage
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.fakes import refusal
from tests.support.function_fakes import (
    FILES,
    ONE_FUNCTION,
    SECRET,
    FakeService,
    Uploads,
    foreign_packages,
    load,
    only,
    run_without_uploads,
)
from tests.support.function_fakes import offline as offline
from tests.support.function_fakes import printed as printed

SOURCE = FILES / "secure-ingestion.py"
UPLOADS = Uploads("landing", "data.json")
record, event, bridged = UPLOADS.record, UPLOADS.event, UPLOADS.bridged
MIB = 1024**2
LIMIT = 400 * 1024
NBSP = "\xa0".encode()

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6
    ),
)
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
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


class Clock:
    """The time that Lambda leaves the function; sleeping and writing use it up."""

    def __init__(self, seconds: float = 300) -> None:
        self.left = seconds
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.left -= seconds

    @property
    def context(self) -> Any:
        remaining = SimpleNamespace(get_remaining_time_in_millis=lambda: int(self.left * 1000))
        remaining.aws_request_id = "request-1"
        return remaining


class FakeAws(FakeService):
    """A landing bucket and a table, behind botocore's validation of each request."""

    def __init__(self) -> None:
        super().__init__(GetObject=self._get_object, BatchWriteItem=self._batch_write_item)
        self.objects: dict[str, Any] = {}
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.bodies: list[StreamingBody] = []
        self.capacity: Iterator[int] = itertools.repeat(25)

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [
            [request["PutRequest"]["Item"] for request in params["RequestItems"]["table"]]
            for params in self.of("BatchWriteItem")
        ]

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        assert len(params.get("body") or b"") < 16 * MIB, "DynamoDB refuses larger requests"
        return super()._answer(model, params)

    def _get_object(self, params: dict[str, Any]) -> Any:
        content = self.objects[params["Key"]]
        raw = io.BytesIO(content) if isinstance(content, bytes) else content
        length = len(content) if isinstance(content, bytes) else None
        self.bodies.append(StreamingBody(raw, length))
        return {"Body": self.bodies[-1], "ContentLength": length}

    def _batch_write_item(self, params: dict[str, Any]) -> Any:
        requests = params["RequestItems"]["table"]
        items = [request["PutRequest"]["Item"] for request in requests]
        keys = [(item["device_id"]["S"], item["timestamp"]["S"]) for item in items]
        assert 0 < len(set(keys)) == len(keys) <= 25
        taken = next(self.capacity)
        self.items.update(zip(keys[:taken], items[:taken], strict=True))
        return {"UnprocessedItems": {"table": requests[taken:]} if requests[taken:] else {}}


def reading(index: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a valid record, with a key of its own."""
    time = f"2026-01-{index // 86400 + 1:02}T{index // 3600 % 24:02}:{index // 60 % 60:02}"
    return {"device_id": "a", "timestamp": f"{time}:{index % 60:02}Z", "value": index, **changes}


def to_json(value: Any, **options: Any) -> str:
    """Return JSON in which a Decimal is written as it is."""
    text = json.dumps(value, default=lambda number: f"decimal:{number}:decimal", **options)
    return text.replace('"decimal:', "").replace(':decimal"', "")


def from_json(text: str | bytes) -> Any:
    """Return what JSON says, with all numbers exactly as they are written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)


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
    with FakeAws().listening_to(function.s3, function.dynamodb) as fake:
        yield fake


@pytest.fixture
def run(function: ModuleType, aws: FakeAws, clock: Clock) -> Callable[..., Any]:
    """Invoke the handler as Lambda does: with an event that went through JSON."""
    return lambda given_event: function.lambda_handler(
        json.loads(json.dumps(given_event)), clock.context
    )


@pytest.fixture
def ingest(run: Any, aws: FakeAws) -> Callable[..., Any]:
    """Upload a file of these records, or with this content, and return what became of it."""

    def upload(content: Any) -> Any:
        is_raw = isinstance(content, bytes | io.IOBase)
        aws.objects["data.json"] = content if is_raw else to_json(content).encode()
        return only(run(event())["files"])

    return upload


def plain(item: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a record as its item tells it."""

    def value(kind: str, content: Any) -> Any:
        return {"N": Decimal, "S": str, "BOOL": bool, "NULL": lambda _: None}[kind](content)

    return {name: value(*only(attribute.items())) for name, attribute in item.items()}


def read(
    function: ModuleType, content: bytes, chunk_size: int = 64 * 1024
) -> tuple[list[Any], str | None]:
    """Return the values that the function reads of a file, piece by piece, and the damage."""
    raw, values = io.BytesIO(content), []
    body = SimpleNamespace(read=lambda _: raw.read(chunk_size))
    try:
        for value in function.read_array(function.Text(body)):
            values.append(value)
    except function.DamageError as damage:
        return values, damage.args[0]
    return values, None


class TestFile:
    def test_needs_only_boto_and_the_standard_library_of_python_3_11(self) -> None:
        assert not foreign_packages(SOURCE)

    def test_loads_without_its_variable_and_asks_for_it_when_invoked(
        self, offline: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TABLE_NAME", raising=False)
        module = load(SOURCE)
        with (
            FakeAws().listening_to(module.s3, module.dynamodb) as fake,
            pytest.raises(RuntimeError, match=r"^TABLE_NAME is not set: [^.\n]+\.$"),
        ):
            module.lambda_handler(event(), Clock().context)
        assert not fake.calls

    def test_comes_with_a_sample_of_12_valid_records_and_3_bad_ones(
        self, ingest: Any, aws: FakeAws, printed: Any
    ) -> None:
        sample = (FILES / "records.json").read_bytes()
        result = ingest(sample)
        assert (result["written"], result["rejected"], len(aws.items)) == (12, 3, 12)
        records = json.loads(sample, parse_float=Decimal)
        rejected = [line["index"] for line in printed() if line["message"] == "record rejected"]
        valid = [record for index, record in enumerate(records) if index not in rejected]
        assert [plain(item) for item in aws.items.values()] == valid


class TestReading:
    @ONE_FUNCTION
    @given(
        values=st.lists(VALUES, max_size=6),
        indent=st.sampled_from([None, 0, 3]),
        ascii_only=st.booleans(),
        frame=st.sampled_from(["{}", "\ufeff{}", " \r\n\t{}\n", "\ufeff\n{} "]),
        chunk_size=st.integers(1, 40),
    )
    def test_gives_what_json_gives_whatever_the_size_of_the_chunks(
        self,
        function: ModuleType,
        values: list[Any],
        indent: int | None,
        ascii_only: bool,
        frame: str,
        chunk_size: int,
    ) -> None:
        text = to_json(values, indent=indent, ensure_ascii=ascii_only)
        got = read(function, frame.replace("{}", text).encode(), chunk_size)
        assert repr(got) == repr((from_json(text), None))

    @pytest.mark.parametrize("chunk_size", [1, 2, 3, 5, 64])
    def test_understands_every_notation_of_json(
        self, function: ModuleType, chunk_size: int
    ) -> None:
        text = (
            '[-0, 0.10, 1E5, 1e+5, -12.5e-3, 1.0, 100, "", "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9",'
            ' "\\ud83d\\ude00\\ud83d", "é😀", "\ufeff\ufeff", true, false, null, NaN, -Infinity,'
            ' Infinity, [], {}, [[], [{}]], {"a": {"a": [1, "]"]}, "a": 2, "b": "}"}]'
        )
        got = read(function, text.encode(), chunk_size)
        assert repr(got) == repr((from_json(text), None))

    @ONE_FUNCTION
    @given(
        values=st.lists(VALUES, max_size=4),
        at=st.integers(0, 200),
        cut=st.integers(0, 3),
        put=st.binary(max_size=3) | st.sampled_from([*(bytes([c]) for c in b',]}"[{\\\f\v'), NBSP]),
        chunk_size=st.integers(1, 40),
    )
    def test_finds_a_file_damaged_if_and_only_if_it_is_no_json_array_in_utf_8(
        self,
        function: ModuleType,
        values: list[Any],
        at: int,
        cut: int,
        put: bytes,
        chunk_size: int,
    ) -> None:
        content = to_json(values, ensure_ascii=False).encode()
        content = content[:at] + put + content[at + cut :]
        got, damage = read(function, content, chunk_size)
        try:
            expected = from_json(content.decode("utf-8-sig"))
        except ValueError:
            assert damage
        else:
            is_array = isinstance(expected, list)
            assert (repr(got), bool(damage)) == (repr(expected if is_array else []), not is_array)

    @ONE_FUNCTION
    @given(
        values=st.lists(st.dictionaries(TEXTS, SCALARS, max_size=3), max_size=5),
        at=st.integers(0),
        tail=st.sampled_from([b"", b"\xff", b"\xe2\x82"]),
        chunk_size=st.integers(1, 40),
    )
    def test_gives_all_that_is_whole_before_the_damage(
        self, function: ModuleType, values: list[Any], at: int, tail: bytes, chunk_size: int
    ) -> None:
        parts = [to_json(value, ensure_ascii=False).encode() for value in values]
        content = b"[" + b", ".join(parts) + b"]"
        at %= len(content)
        ends = list(itertools.accumulate((len(part) + 2 for part in parts), initial=-1))[1:]
        whole = [from_json(part) for part, end in zip(parts, ends, strict=True) if end <= at]
        got, damage = read(function, content[:at] + tail, chunk_size)
        assert repr(got) == repr(whole)
        try:
            (content[:at] + tail).decode()
        except UnicodeDecodeError:
            assert damage == "it is not UTF-8"
        else:
            assert damage
            assert damage != "it is not UTF-8"

    @ONE_FUNCTION
    @given(values=st.lists(VALUES, max_size=6), chunk_size=st.integers(1, 40))
    @example(values=[-(10**21), ""], chunk_size=40)
    def test_passes_over_what_is_too_large_and_gives_the_rest(
        self,
        function: ModuleType,
        monkeypatch: pytest.MonkeyPatch,
        values: list[Any],
        chunk_size: int,
    ) -> None:
        monkeypatch.setattr(function, "MAX_RECORD_SIZE", 20)
        parts = [to_json(value, ensure_ascii=False).encode() for value in values]
        expected = [from_json(part) if len(part) <= 20 else function.TOO_LARGE for part in parts]
        got = read(function, b"[" + b" ,\n".join(parts) + b" ]", chunk_size)
        assert repr(got) == repr((expected, None))

    @pytest.mark.parametrize("filler", ["x", "é", r"\"", r"\\", "]}", "😀"])
    @pytest.mark.parametrize("kind", ['"%s"', '["%s"]', '{"a": [{}, "%s", 1], "%s": {}}'])
    def test_passes_over_a_huge_value_among_good_ones(
        self, function: ModuleType, kind: str, filler: str
    ) -> None:
        huge = kind.replace("%s", filler * (LIMIT // len(filler.encode()) + 1))
        got = read(function, f'[1, {huge} , {{"a": "b"}}, {huge}]'.encode())
        too_large = function.TOO_LARGE
        assert got == ([Decimal(1), too_large, {"a": "b"}, too_large], None)

    @pytest.mark.parametrize("filler", ["x", "é", "😀"])
    def test_takes_a_value_of_400_kb_and_not_a_byte_more(
        self, function: ModuleType, filler: str
    ) -> None:
        text = filler * ((LIMIT - 2) // len(filler.encode()))
        text += "x" * (LIMIT - 2 - len(text.encode()))
        assert read(function, f'["{text}", 1]'.encode()) == ([text, 1], None)
        got = read(function, f'["{text}x", 1]'.encode())
        assert got == ([function.TOO_LARGE, 1], None)

    def test_holds_nothing_but_a_window_of_a_huge_value(self, function: ModuleType) -> None:
        windows = []

        def piece(_: int) -> bytes:
            windows.append(len(text.window))
            return b'["' if len(windows) == 1 else b"x" * 65536 if len(windows) < 200 else b'"]'

        text = function.Text(SimpleNamespace(read=piece))
        assert list(itertools.islice(function.read_array(text), 1)) == [function.TOO_LARGE]
        assert max(windows) <= LIMIT + 3 * 65536

    @pytest.mark.parametrize("depth", [32, 900, 1000, 1001, 5000, 500_000])
    def test_takes_deep_values_passes_over_deeper_ones_and_calls_the_deepest_damage(
        self, function: ModuleType, depth: int
    ) -> None:
        deep = "[" * depth + "]" * depth
        values, damage = read(function, f"[1, {deep}, 2]".encode())
        assert values[0] == 1
        if depth <= 1000:
            assert values[2] == 2
            assert damage is None
        assert damage is None or damage == "it is nested too deeply"

    @pytest.mark.parametrize(
        "junk",
        [
            b"x",
            b"\0",
            bytes(range(256)),
            b"\xff\xd8\xff\xe0",
            b"[",
            b"[x",
            b"[{",
            b'[{"a":',
            b"[1",
            b'{"a":1}',
            b"[]",
            b'[{"a": "b"}\n',
            "[1]".encode("utf-16"),
        ],
        ids=lambda junk: repr(junk[:6]),
    )
    def test_refuses_10_mb_of_junk_without_reading_it_all(
        self, ingest: Any, printed: Any, junk: bytes
    ) -> None:
        raw = io.BytesIO(junk * (10_000_000 // len(junk)))
        raw.close = lambda: None  # type: ignore[method-assign]
        result = ingest(raw)
        assert result["written"] == 0
        assert result["damage"]
        assert 0 < raw.tell() <= (MIB if junk in (b"[", b'[{"a":') else 2 * 65536)
        assert printed()[-2]["level"] == "ERROR"


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
        assert ingest([reading(timestamp=timestamp)])["written"] == 1
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
        assert ingest(f"[{content}]".encode())["written"] == 1
        item = only(aws.items.values())
        assert item["value"] == item["other"] == {"N": stored}
        assert Decimal(stored) == Decimal(number)

    @pytest.mark.parametrize(
        "number",
        [
            "1" * 39,
            "0." + "1" * 39,
            "1e126",
            "1e-131",
            "1e999999999999999999999",
            "1" * 5000,
            "NaN",
            "Infinity",
            "-Infinity",
        ],
        ids=lambda number: number[:12],
    )
    @pytest.mark.parametrize("field", ["value", "other"])
    def test_with_a_number_that_dynamodb_cannot_hold_is_rejected(
        self, ingest: Any, aws: FakeAws, printed: Any, field: str, number: str
    ) -> None:
        content = to_json(reading(**{field: "here"})).replace('"here"', number)
        result = ingest(f"[{content}, {to_json(reading(1))}]".encode())
        assert (result["written"], result["rejected"]) == (1, 1)
        assert printed()[0]["reason"] == f"{field!r} is a number that DynamoDB cannot hold"

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (None, "it is not an object"),
            ("text", "it is not an object"),
            ([reading()], "it is not an object"),
            ({}, "device_id is missing"),
            ({"device_id": "a", "value": 1}, "timestamp is missing"),
            ({"device_id": "a", "timestamp": "2026-01-02"}, "value is missing"),
            (reading(device_id=""), "device_id is empty, or longer than 2048 bytes"),
            (reading(device_id="é" * 1025), "device_id is empty, or longer than 2048 bytes"),
            (reading(device_id=7), "device_id is not a string"),
            (reading(device_id=None), "device_id is not a string"),
            (reading(device_id="\ud800"), "'device_id' is no text, number, boolean or null"),
            (reading(timestamp=""), "timestamp is empty, or longer than 1024 bytes"),
            (
                reading(timestamp="2026-01-02T03:04:05." + "0" * 1024),
                "timestamp is empty, or longer than 1024 bytes",
            ),
            (reading(timestamp=1767322445), "timestamp is not a string"),
            (reading(timestamp="yesterday"), "timestamp is not ISO 8601"),
            (reading(timestamp="2026-02-30"), "timestamp is not ISO 8601"),
            (reading(timestamp="2026-01-02T25:00:00Z"), "timestamp is not ISO 8601"),
            (reading(timestamp="9999-12-31T24:00:01"), "timestamp is not ISO 8601"),
            (reading(value="1"), "value is not a number"),
            (reading(value=True), "value is not a number"),
            (reading(value=None), "value is not a number"),
            (reading(value=[1]), "value is not a number"),
            (reading(place={"lat": 1}), "'place' is no text, number, boolean or null"),
            (reading(tags=["a"]), "'tags' is no text, number, boolean or null"),
            (reading(note="\udfff"), "'note' is no text, number, boolean or null"),
            (reading(**{"": 1}), "DynamoDB does not take the field name ''"),
            (reading(**{"\ud800": 1}), r"DynamoDB does not take the field name '\ud800'"),
            (reading(**{"é" * 32768: 1}), f"DynamoDB does not take the field name '{'é' * 50}'"),
            (reading(**{"x" * 99: []}), f"'{'x' * 50}' is no text, number, boolean or null"),
            (
                reading(note="x" * LIMIT),
                "it is larger than 400 KB or nested too deeply",
            ),
        ],
        ids=lambda value: value[:30] if isinstance(value, str) else "",
    )
    def test_that_is_not_valid_is_rejected_with_its_index_and_reason_and_stops_no_other(
        self, ingest: Any, aws: FakeAws, printed: Any, bad: Any, reason: str
    ) -> None:
        result = ingest([reading(1), bad, reading(2)])
        assert (result["written"], result["rejected"], result["damage"]) == (2, 1, None)
        assert [plain(item)["value"] for item in aws.items.values()] == [1, 2]
        assert printed()[0] == {
            "level": "WARNING",
            "message": "record rejected",
            "bucket": "landing",
            "key": "data.json",
            "version_id": None,
            "request_id": "request-1",
            "index": 1,
            "reason": reason,
        }

    def test_keeps_its_simple_extra_fields(self, ingest: Any, aws: FakeAws) -> None:
        extra = {"unit": "°C", "empty": "", "ok": True, "off": False, "note": None, "n": 0.25}
        record = reading(**extra, **{"x" * 65535: "y", "😀": "\0"})
        assert ingest([record])["written"] == 1
        item = only(aws.items.values())
        assert plain(item) == record
        assert (item["ok"], item["note"]) == ({"BOOL": True}, {"NULL": True})

    def test_has_keys_of_up_to_2048_bytes(self, ingest: Any, aws: FakeAws) -> None:
        assert ingest([reading(device_id="é" * 1024)])["written"] == 1

    @settings(ONE_FUNCTION, max_examples=60)
    @given(
        mix=st.lists(
            st.tuples(st.just(True), VALID) | st.tuples(st.just(False), INVALID), max_size=60
        )
    )
    def test_is_written_if_it_is_valid_and_rejected_if_not(
        self, ingest: Any, aws: FakeAws, mix: list[tuple[bool, Any]]
    ) -> None:
        aws.items.clear()
        result = ingest([record for _, record in mix])
        valid = from_json(to_json([record for is_valid, record in mix if is_valid]))
        last = {(record["device_id"], record["timestamp"]): record for record in valid}
        assert {key: plain(item) for key, item in aws.items.items()} == last
        assert (result["written"], result["rejected"]) == (len(valid), len(mix) - len(valid))
        assert result["damage"] is None

    @pytest.mark.parametrize("count", [1, 99, 100, 101, 150])
    def test_that_is_rejected_has_a_line_up_to_the_hundredth_then_only_counts(
        self, ingest: Any, printed: Any, count: int
    ) -> None:
        assert ingest([{}] * count + [reading()])["rejected"] == count
        lines = printed()
        rejects = [line for line in lines if line["message"] == "record rejected"]
        assert [line["index"] for line in rejects] == list(range(min(count, 100)))
        others = [line["message"] for line in lines[len(rejects) : -1]]
        assert others == ["further rejected records are only counted"] * (count > 100)
        assert (lines[-1]["rejected"], lines[-1]["level"]) == (count, "WARNING")


class TestWriting:
    @pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 50, 60])
    def test_sends_25_records_at_a_time(self, ingest: Any, aws: FakeAws, count: int) -> None:
        result = ingest([reading(i) for i in range(count)])
        sizes = [len(batch) for batch in aws.batches]
        assert sizes == [25] * (count // 25) + [count % 25] * (count % 25 > 0)
        assert (result["written"], len(aws.items)) == (count, count)

    def test_sends_again_what_was_not_processed_and_nothing_else(
        self, ingest: Any, aws: FakeAws, clock: Clock
    ) -> None:
        aws.capacity = itertools.chain([10, 0, 14], itertools.repeat(25))
        assert ingest([reading(i) for i in range(30)])["written"] == 30
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
        highs = [high for _, high in limits]
        assert highs[0] < 0.2
        assert all(2 * a == b or a == b > 5 for a, b in itertools.pairwise(highs))
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
        assert ingest([reading(i) for i in range(3)])["written"] == 3
        assert [len(batch) for batch in aws.batches] == [3, 3, 3]
        assert len(aws.items) == 3

    def test_leaves_retries_to_the_function(self, function: ModuleType) -> None:
        retries = function.dynamodb.meta.config.retries
        assert retries["mode"] == "standard"
        assert retries["total_max_attempts"] <= 3

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

    def test_of_one_key_twice_in_a_batch_keeps_the_later_record_and_counts_the_earlier(
        self, ingest: Any, aws: FakeAws, printed: Any
    ) -> None:
        records = [reading(0, value=1, note="old"), reading(1), reading(0, value=2), reading(2)]
        result = ingest(records)
        assert (result["written"], result["duplicates"]) == (4, 1)
        assert [plain(item) for item in aws.items.values()] == [records[2], records[1], records[3]]
        assert printed()[-1]["duplicates"] == 1

    def test_of_one_key_in_two_batches_keeps_the_later_record(
        self, ingest: Any, aws: FakeAws
    ) -> None:
        records = [reading(i) for i in range(40)] + [reading(0, value=99)]
        assert ingest(records)["written"] == 41
        assert len(aws.items) == 40
        assert plain(aws.items["a", records[0]["timestamp"]])["value"] == 99

    def test_of_one_key_very_often_stays_one_item(self, ingest: Any, aws: FakeAws) -> None:
        result = ingest([reading(0, value=i) for i in range(1000)])
        assert (result["written"], result["duplicates"]) == (1000, 999)
        assert plain(only(aws.items.values()))["value"] == 999

    def test_keeps_requests_of_large_records_below_16_mb(self, ingest: Any, aws: FakeAws) -> None:
        records = [reading(i, note="é" * 200_000) for i in range(14)]
        assert ingest(to_json(records, ensure_ascii=False).encode())["written"] == 14
        assert len(aws.items) == 14


class TestDamage:
    @pytest.mark.parametrize(
        ("content", "written", "reason", "character"),
        [
            (b"", 0, "it is not a JSON array", 0),
            (b" \n", 0, "it is not a JSON array", 2),
            (b"\xef\xbb\xbf", 0, "it is not a JSON array", 0),
            (b"device,value\n", 0, "it is not a JSON array", 0),
            (b'{"device_id": "a"}', 0, "it is not a JSON array", 0),
            (b"\xff\xfe[", 0, "it is not UTF-8", 0),
            (b"[", 0, "it ends within the array", 1),
            (b"[%d", 1, "it ends within the array", None),
            (b"[%d, ", 1, "it ends within the array", None),
            (b"[%d, {", 1, "it ends within the array", None),
            (b'[%d, {"device_id": "a', 1, "it ends within the array", None),
            (b"[%d %d]", 1, "a comma or the end of the array is missing", None),
            (b"[%d} %d]", 1, "a comma or the end of the array is missing", None),
            (b"[%d, %d,]", 2, "Expecting value", None),
            (b"[%d, x]", 1, "Expecting value", None),
            (b"[%d,\f%d]", 1, "Expecting value", None),
            (b"[%d\xc2\xa0, %d]", 1, "a comma or the end of the array is missing", None),
            (b"[%d]%d", 1, "something follows the array", None),
            (b"[%d] []", 1, "something follows the array", None),
            (b"[%d, '%d']", 1, "Expecting value", None),
            (b'[%d, {"a": "\n"}, %d]', 1, "Invalid control character at", None),
            (b"[%d, %d, \xe9, %d]", 2, "it is not UTF-8", None),
            (b'[%d, {"a": "\xe9"}, %d]', 1, "it is not UTF-8", None),
            (b"[%d, %d]\xff", 2, "it is not UTF-8", None),
            (b"[%d, %d\xe2\x82", 2, "it is not UTF-8", None),
        ],
    )
    def test_of_a_file_keeps_what_came_before_says_where_it_is_and_does_not_raise(
        self,
        ingest: Any,
        aws: FakeAws,
        printed: Any,
        content: bytes,
        written: int,
        reason: str,
        character: int | None,
    ) -> None:
        indexes = itertools.count()
        while b"%d" in content:
            content = content.replace(b"%d", to_json(reading(next(indexes))).encode(), 1)
        result = ingest(content)
        assert result == {
            "bucket": "landing",
            "key": "data.json",
            "written": written,
            "rejected": 0,
            "duplicates": 0,
            "damage": reason,
        }
        assert len(aws.items) == written
        error, summary = printed()
        assert (error["level"], error["reason"], error["index"]) == ("ERROR", reason, written)
        assert character in (None, error["character"])
        assert summary["level"] == "WARNING"
        assert summary["written"] == written

    def test_is_placed_by_its_character_also_far_into_a_file(
        self, ingest: Any, printed: Any
    ) -> None:
        text = to_json([reading(i, note="é") for i in range(3000)])[:-1]
        assert ingest(f"{text}, x]".encode())["written"] == 3000
        line = next(line for line in printed() if line["level"] == "ERROR")
        assert (line["index"], line["character"]) == (3000, len(text) + 2)

    def test_does_not_stop_later_files(self, run: Any, aws: FakeAws) -> None:
        aws.objects |= {"bad": b"junk", "good": to_json([reading()]).encode()}
        result = run(event(record("bad"), record("good")))
        assert [file["written"] for file in result["files"]] == [0, 1]
        assert len(aws.items) == 1


class TestResult:
    def test_counts_in_all_and_file_by_file(self, run: Any, aws: FakeAws, printed: Any) -> None:
        aws.objects |= {
            "a b": to_json([reading(0), {}, reading(1)]).encode(),
            "é": to_json([reading(2), reading(2)]).encode(),
        }
        result = run(event(record("a b"), record("é")))
        first = {"bucket": "landing", "key": "a b", "written": 2, "rejected": 1}
        second = {"bucket": "landing", "key": "é", "written": 2, "rejected": 0}
        assert json.loads(json.dumps(result)) == {
            "written": 4,
            "rejected": 1,
            "files": [
                {**first, "duplicates": 0, "damage": None},
                {**second, "duplicates": 1, "damage": None},
            ],
        }
        assert printed()[-1] == {
            "level": "INFO",
            "message": "ingested",
            "bucket": "landing",
            "key": "é",
            "version_id": None,
            "request_id": "request-1",
            "written": 2,
            "rejected": 0,
            "duplicates": 1,
        }

    def test_of_a_file_ingested_again_is_the_same(self, ingest: Any, aws: FakeAws) -> None:
        records = [reading(i) for i in range(30)]
        first = ingest(records), dict(aws.items)
        assert (ingest(records), aws.items) == first


class TestFailure:
    @pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey", "KMS.DisabledException"])
    def test_to_open_a_file_is_raised_after_the_others_were_ingested(
        self, run: Any, aws: FakeAws, printed: Any, code: str
    ) -> None:
        get, refused = aws.answers["GetObject"], refusal(code, "GetObject", "No such luck")
        aws.answers["GetObject"] = lambda p: refused if p["Key"] == "first" else get(p)
        aws.objects["second"] = to_json([reading()]).encode()
        with pytest.raises(ClientError, match="No such luck"):
            run(event(record("first"), record("second")))
        assert len(aws.items) == 1
        line = printed()[0]
        assert (line["level"], line["error_code"], line["key"]) == ("ERROR", code, "first")
        assert "No such luck" in line["error"]

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

    def test_of_several_raises_the_first(self, run: Any, aws: FakeAws, printed: Any) -> None:
        aws.answers["GetObject"] = lambda p: refusal(p["Key"], "GetObject", "x" * 500_000)
        with pytest.raises(ClientError, match="FirstCode"):
            run(event(record("FirstCode"), record("SecondCode")))
        lines = printed()
        assert [line["error_code"] for line in lines] == ["FirstCode", "SecondCode"]
        assert all(500 < len(line["error"]) < 2000 for line in lines)

    @pytest.mark.parametrize("content", [b"[]", b"junk", b"[{}]"])
    def test_or_not_the_connection_is_closed(
        self, ingest: Any, aws: FakeAws, content: bytes
    ) -> None:
        ingest(content)
        assert only(aws.bodies)._raw_stream.closed


class TestEvents:
    @pytest.mark.parametrize(
        ("given_event", "expected"),
        [
            (event(record("a+b%2B%25+%C3%A9", quoted=True)), {"Key": "a b+% é"}),
            (event(record(versionId="v1")), {"Key": "data.json", "VersionId": "v1"}),
            (event(record(versionId="")), {"Key": "data.json"}),
            (bridged("a+b %25 é"), {"Key": "a+b %25 é"}),
            (bridged(**{"version-id": "v1"}), {"Key": "data.json", "VersionId": "v1"}),
        ],
    )
    def test_name_the_object_and_the_version_that_is_read(
        self, run: Any, aws: FakeAws, given_event: dict[str, Any], expected: dict[str, str]
    ) -> None:
        aws.objects[expected["Key"]] = b"[]"
        run(given_event)
        assert only(aws.of("GetObject")) == {"Bucket": "landing", **expected}

    def test_of_folder_markers_are_passed_over(self, run: Any, aws: FakeAws, printed: Any) -> None:
        aws.objects["in/"] = b""
        assert run(event(record("in/", size=0)))["files"][0]["damage"] is None
        assert only(printed())["level"] == "INFO"

    def test_of_an_object_that_only_looks_like_a_folder_are_not(
        self, run: Any, aws: FakeAws
    ) -> None:
        aws.objects["in/"] = to_json([reading()]).encode()
        assert run(event(record("in/")))["written"] == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"Event": "s3:TestEvent"},
            bridged(kind="Object Deleted"),
            event(record(name="ObjectRemoved:Delete")),
        ],
    )
    def test_of_no_new_object_are_accepted_and_do_nothing(
        self, run: Any, aws: FakeAws, printed: Any, other: dict[str, Any]
    ) -> None:
        assert run(other) == {"written": 0, "rejected": 0, "files": []}
        assert "no new object" in only(printed())["message"]
        assert not aws.calls

    @pytest.mark.parametrize("wrong", [{}, {"Records": []}, {"Records": [{"body": "{}"}]}, None])
    def test_without_s3_records_are_refused_with_a_hint_at_the_trigger(
        self, run: Any, aws: FakeAws, wrong: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"no S3 records.*trigger"):
            run(wrong)
        assert not aws.calls

    def test_and_records_are_never_shown(
        self, run: Any, aws: FakeAws, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad = [reading(value=SECRET), reading(extra=[SECRET]), SECRET]
        aws.objects["data.json"] = to_json([reading(note=SECRET), *bad]).encode() + SECRET.encode()
        run(event())
        aws.deny("BatchWriteItem", "AccessDeniedException")
        with pytest.raises(ClientError):
            run(event())
        refused = run_without_uploads(run)
        shown = capsys.readouterr()
        assert SECRET not in shown.out + shown.err + refused
        assert all(json.loads(line) for line in shown.out.splitlines())


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

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size) if size > 0 else sys.maxsize
        while len(self.rest) < size and (part := next(self.parts, b"")):
            self.rest += part
        piece, self.rest = self.rest[:size], self.rest[size:]
        self.given += len(piece)
        return piece


class TestSize:
    def test_of_100_000_records_needs_no_more_than_a_window_of_the_file(
        self, function: ModuleType, ingest: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body, written, ahead, batches = ManyRecords(100_000), 0, 0, 0
        size = len(ManyRecords._part(0, 2))

        def write(items: list[Any], context: Any) -> None:
            nonlocal written, ahead, batches
            written, batches = written + len(items), batches + bool(items)
            ahead = max(ahead, body.given - size * written)

        monkeypatch.setattr(function, "write", write)
        result = ingest(body)
        assert (result["written"], result["rejected"]) == (written, 0) == (100_000, 0)
        assert batches == 4000
        assert body.given > 8_000_000
        assert body.largest <= 65536
        assert ahead <= 2 * 65536

    @pytest.mark.skipif("TEST_LARGE_FILES" not in os.environ, reason="needs TEST_LARGE_FILES=1")
    def test_of_1_000_000_records_fits_in_256_mb(self) -> None:
        script = f"from {__name__} import ingest_many; ingest_many(1_000_000)"
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=FILES.parent, capture_output=True, text=True, check=True)
        written, peak = json.loads(done.stdout.splitlines()[-1])
        assert written == 1_000_000
        assert peak < 256 * MIB


def ingest_many(count: int) -> None:
    """Ingest so many records, and print how many were written and the peak of memory in bytes."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TABLE_NAME", "AWS_DEFAULT_REGION")
    os.environ |= dict.fromkeys(names, "table")
    module, aws = load(SOURCE), FakeAws()
    aws.calls = deque(maxlen=1)
    aws.objects["data.json"], aws.answers["BatchWriteItem"] = ManyRecords(count), {}
    with aws.listening_to(module.s3, module.dynamodb):
        result = module.lambda_handler(event(), Clock().context)
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps([result["written"], unit * getrusage(RUSAGE_SELF).ru_maxrss]))
