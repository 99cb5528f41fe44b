"""Stand-ins for AWS: clients that give the answers they were given, and remember what was asked."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from labproof.aws.connection import Connection
from labproof.labs.lab import Lab
from labproof.labs.resolving import resolve


def refusal(code: str, operation: str = "Operation", message: str = "said AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeClient:
    """Answers each operation with a value, an exception, or what a function makes of it."""

    def __init__(self, otherwise: Any = None, **answers: Any) -> None:
        self.otherwise = otherwise
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation not in self.answers and self.otherwise is None:
            raise AssertionError(f"{operation} was not expected")

        def call(**request: Any) -> Any:
            self.calls.append((operation, request))
            answer = self.answers.get(operation, self.otherwise)
            answer = answer(**request) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return dict(answer)

        return call

    def get_paginator(self, operation: str) -> FakePaginator:
        return FakePaginator(getattr(self, operation))

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [request for name, request in self.calls if name == operation]


class FakePaginator:
    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def paginate(self, **request: Any) -> Iterator[Any]:
        yield self.call(**request)


class Body(io.BytesIO):
    """The body of an S3 object."""

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        return iter(lambda: self.read(size), b"")


def connect(monkeypatch: pytest.MonkeyPatch, **clients: FakeClient) -> Connection:
    """Return a connection whose clients are fakes; ``lambda_`` stands for ``lambda``."""
    known = {name.rstrip("_"): client for name, client in clients.items()}
    monkeypatch.setattr(
        "labproof.aws.connection._client", lambda connection, service: known[service]
    )
    return Connection()


NAMES = {
    "lab_source_bucket": "ada-public",
    "lab_destination_bucket": "ada-private",
    "lab_table": "ada-logs",
    "lab_role": "ada-role",
    "lab_function": "ada-copy",
}


def a_lab(**variables: Any) -> Lab:
    return resolve("ada", ["file_transfer"], NAMES | variables)
