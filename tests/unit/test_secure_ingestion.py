"""The secure-ingestion lab's Lambda function, on real boto3 clients whose requests stay inside."""

import ast
import importlib.util
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FILES = Path(__file__).parents[2] / "files"
SOURCE = FILES / "secure-ingestion.py"
SECRET = "never-print-the-event"
MIB = 1024**2
LIMIT = 400 * 1024

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6
    ),
)
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
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
ANY_FUNCTION = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


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


class FakeAws:
    """A landing bucket and a table, behind botocore's validation of each request."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.objects: dict[str, Any] = {}
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.bodies: list[StreamingBody] = []
        self.answers: dict[str, Any] = {
            "GetObject": self._get_object,
            "BatchWriteItem": self._batch_write_item,
        }
        self.capacity: Iterator[int] = itertools.repeat(25)

    def listen_to(self, *clients: Any) -> None:
        for client in clients:
            client.meta.events.register("before-call", self._answer)
            client.meta.events.register("provide-client-params", self._remember)

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == operation]

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [
            [request["PutRequest"]["Item"] for request in params["RequestItems"]["table"]]
            for params in self.of("BatchWriteItem")
        ]

    def _remember(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, json.loads(json.dumps(params))))

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        assert len(params.get("body") or b"") < 16 * MIB, "DynamoDB refuses larger requests"
        answer = self.answers[model.name]
        reply = answer(self.of(model.name)[-1]) if callable(answer) else answer
        if isinstance(reply, ClientError):
            return SimpleNamespace(status_code=400), reply.response
        if isinstance(reply, Exception):
            raise reply
        return SimpleNamespace(status_code=200), reply

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


def failure(operation: str, code: str, message: str = "Not allowed") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def record(key: str = "data.json", *, quoted: bool = False, **changes: Any) -> dict[str, Any]:
    """Return the record S3 sends for an upload; `changes` go to its object part."""
    stored = {"key": key if quoted else quote_plus(key, safe="/"), "size": 3, **changes}
    return {
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": SECRET},
        "s3": {"bucket": {"name": "landing"}, "object": stored},
    }


def event(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records or [record()])}


def bridged(key: str = "data.json", kind: str = "Object Created", **changes: Any) -> dict[str, Any]:
    """Return the event that EventBridge delivers for an upload."""
    stored = {"key": key, "size": 3, **changes}
    detail = {"bucket": {"name": "landing"}, "object": stored, "requester": SECRET}
    return {"source": "aws.s3", "detail-type": kind, "detail": detail}


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


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("secure_ingestion", path)
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def function(credentials: None, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> ModuleType:
    monkeypatch.setenv("TABLE_NAME", "table")
    module = load(SOURCE)
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=clock.sleep))
    return module


@pytest.fixture
def aws(function: ModuleType) -> FakeAws:
    fake = FakeAws()
    fake.listen_to(function.s3, function.dynamodb)
    return fake


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
        is_raw = isinstance(content, bytes | io.RawIOBase)
        aws.objects["data.json"] = content if is_raw else to_json(content).encode()
        return only(run(event())["files"])

    return upload


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def only(items: Any) -> Any:
    (item,) = items
    return item


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
        module, fake = load(SOURCE), FakeAws()
        fake.listen_to(module.s3, module.dynamodb)
        with pytest.raises(RuntimeError, match=r"^TABLE_NAME is not set: [^.\n]+\.$"):
            module.lambda_handler(event(), Clock().context)
        assert fake.calls == []

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
    @ANY_FUNCTION
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
            ' "\\ud83d\\ude00\\ud83d", "é😀", true, false, null, NaN, -Infinity, Infinity,'
            ' [], {}, [[], [{}]], {"a": {"a": [1, "]"]}, "a": 2, "b": "}"}]'
        )
        got = read(function, text.encode(), chunk_size)
        assert repr(got) == repr((from_json(text), None))

    @ANY_FUNCTION
    @given(
        values=st.lists(VALUES, max_size=4),
        at=st.integers(0, 200),
        cut=st.integers(0, 3),
        put=st.binary(max_size=3) | st.sampled_from([b",", b"]", b"}", b'"', b"[", b"{", b"\\"]),
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

    @ANY_FUNCTION
    @given(
        values=st.lists(st.dictionaries(TEXTS, VALUES), max_size=5),
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
        is_broken = tail and (at or tail == b"\xff")
        assert damage == ("it is not UTF-8" if tail else damage)
        assert damage

    @ANY_FUNCTION
    @given(values=st.lists(VALUES, max_size=6), chunk_size=st.integers(1, 40))
    def test_passes_over_what_is_too_large_and_gives_the_rest(
        self, function: ModuleType, values: list[Any], chunk_size: int
    ) -> None:
        function.MAX_RECORD_SIZE = 20
        parts = [to_json(value, ensure_ascii=False).encode() for value in values]
        expected = [from_json(part) if len(part) <= 20 else function.TOO_LARGE for part in parts]
        got = read(function, b"[" + b" ,\n".join(parts) + b" ]", chunk_size)
        assert repr(got) == repr((expected, None))
