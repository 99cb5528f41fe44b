"""What the tests of the Lambda functions share: AWS behind botocore's validation, and events.

A test file imports the fixtures it needs; ``run`` asks it for its own ``function`` and ``aws``.
"""

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.fakes import refusal

FILES = Path(__file__).parents[2] / "files"
CONTEXT = SimpleNamespace(aws_request_id="request-1")
GIB = 1024**3
SECRET = "never-print-the-event"
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
QUOTED_KEYS = [
    ("red+flower.jpg", "red flower.jpg"),
    ("a%2Bb.zip", "a+b.zip"),
    ("100%2525.zip", "100%25.zip"),
    ("r%C3%A9sum%C3%A9/%E6%97%A5.csv", "résumé/日.csv"),
]
# The examples of a test share its fixtures: one function and one fake serve them all.
ONE_FUNCTION = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class FakeService:
    """Answers botocore's requests after it validated them, and remembers their parameters."""

    def __init__(self, **answers: Any) -> None:
        self.calls: MutableSequence[tuple[str, dict[str, Any]]] = []
        self.answers = answers

    @contextmanager
    def listening_to(self, *clients: Any) -> Iterator[Self]:
        handlers = {"provide-client-params": self._remember, "before-call": self._answer}
        for client, name in product(clients, handlers):
            client.meta.events.register(name, handlers[name])
        yield self
        for client, name in product(clients, handlers):
            client.meta.events.unregister(name, handlers[name])

    def deny(
        self, operation: str, code: str = "AccessDenied", message: str = "Not allowed"
    ) -> None:
        self.answers[operation] = refusal(code, operation, message)

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == operation]

    def _remember(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, json.loads(json.dumps(params, default=str))))

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        answer = self.answers[model.name]
        reply = answer(self.of(model.name)[-1]) if callable(answer) else answer
        if isinstance(reply, ClientError):
            return SimpleNamespace(status_code=400), reply.response
        if isinstance(reply, BaseException):
            raise reply
        return SimpleNamespace(status_code=200), reply


class FakeS3(FakeService):
    """Accepts every copy, whole or in parts, and remembers the headers of the requests too."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(
            HeadObject={"ContentLength": 3, "ETag": '"etag"'},
            CopyObject={"CopyObjectResult": {"ETag": '"etag"'}},
            CreateMultipartUpload={"UploadId": "upload-1"},
            UploadPartCopy={"CopyPartResult": {"ETag": '"part"'}},
            CompleteMultipartUpload={"ETag": '"whole"'},
            AbortMultipartUpload={},
            GetObjectTagging={"TagSet": []},
            PutObjectTagging={},
            **answers,
        )
        self.headers: list[tuple[str, dict[str, Any]]] = []

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        self.headers.append((model.name, dict(params["headers"])))
        return super()._answer(model, params)


def condition_holds(params: dict[str, Any], old: dict[str, Any]) -> bool:
    """Evaluate terms joined by AND, and those, perhaps in parentheses, joined by OR."""
    names = params.get("ExpressionAttributeNames", {})
    values = params.get("ExpressionAttributeValues", {})
    expression = params["ConditionExpression"]
    assert all(name in expression for name in [*names, *values]), "DynamoDB refuses unused ones"

    def holds(term: str) -> bool:
        if match := re.fullmatch(r"attribute_(not_)?exists\((\S+)\)", term):
            return (names.get(match[2], match[2]) in old) != bool(match[1])
        match = re.fullmatch(r"(\S+) (=|<>|<) (\S+)", term)
        assert match, f"this fake cannot evaluate {term!r}"
        if (held := old.get(names.get(match[1], match[1]))) is None:
            return False
        left, right = held["S"].encode(), values[match[3]]["S"].encode()
        return {"=": left == right, "<>": left != right, "<": left < right}[match[2]]

    clauses = [re.sub(r"^\((.*)\)$", r"\1", clause) for clause in expression.split(" OR ")]
    return any(all(holds(term) for term in clause.split(" AND ")) for clause in clauses)


@dataclass(frozen=True)
class Uploads:
    """What S3 reports of uploads to a bucket; `changes` go to the object part of a report."""

    bucket: str
    key: str

    def record(
        self,
        key: str | None = None,
        *,
        quoted: bool = False,
        bucket: str | None = None,
        name: str = "ObjectCreated:Put",
        time: str | None = "2026-01-02T03:04:05.678Z",
        **changes: Any,
    ) -> dict[str, Any]:
        """Return the record S3 sends for an upload."""
        key = key or self.key
        stored = {
            "key": key if quoted else quote_plus(key, safe="/"),
            "size": 3,
            "eTag": "d41d8cd98f00b204e9800998ecf8427e",
            "sequencer": "0055AED6DCD90281E5",
        }
        return {
            "eventSource": "aws:s3",
            "eventName": name,
            "eventTime": time,
            "userIdentity": {"principalId": SECRET},
            "s3": {"bucket": {"name": bucket or self.bucket}, "object": {**stored, **changes}},
        }

    def event(self, *records: dict[str, Any]) -> dict[str, Any]:
        return {"Records": list(records or [self.record()])}

    def bridged(
        self, key: str | None = None, kind: str = "Object Created", **changes: Any
    ) -> dict[str, Any]:
        """Return the event that EventBridge delivers for an upload."""
        stored = {"size": 3, "etag": "d41d8c", "sequencer": "0055aed6dcd90281e5", **changes}
        return {
            "source": "aws.s3",
            "detail-type": kind,
            "time": "2026-01-02T03:04:05Z",
            "detail": {
                "bucket": {"name": self.bucket},
                "object": {"key": key or self.key, **stored},
                "requester": SECRET,
            },
        }


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def clients_of(module: ModuleType) -> list[Any]:
    """Return the clients of a function, also those behind its resources."""
    found = [getattr(module, name) for name in ("s3", "dynamodb", "sns") if hasattr(module, name)]
    return [getattr(client.meta, "client", client) for client in found]


def foreign_packages(source: Path) -> set[str]:
    """Return what a function imports that Lambda's Python 3.11 does not come with."""
    nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 11))))
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "." for n in nodes if isinstance(n, ast.ImportFrom)}
    packages = {name.split(".")[0] for name in names}
    return packages - {"boto3", "botocore", *sys.stdlib_module_names}


def run_without_uploads(run: Callable[..., Any]) -> str:
    """Give a trigger's test event, then one that is not S3's; return what refuses the latter."""
    run({"Event": "s3:TestEvent", "HostId": SECRET})
    with pytest.raises(ValueError, match="no S3 records") as raised:
        run({"HostId": SECRET})
    return str(raised.value)


def only(items: Any) -> Any:
    (item,) = items
    return item


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Made-up credentials, no connections, and one session: reading service models is slow."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a unit test reached for the network")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, str(tmp_path_factory.getbasetemp() / "absent"))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr("botocore.httpsession.URLLib3Session.send", refuse)
        patch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())
        patch.setattr(sys, "dont_write_bytecode", True)
        yield


@pytest.fixture
def run(function: ModuleType, aws: FakeService) -> Callable[..., Any]:
    """Invoke the handler as Lambda does: with an event that went through JSON."""
    return lambda given_event: function.lambda_handler(json.loads(json.dumps(given_event)), CONTEXT)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
