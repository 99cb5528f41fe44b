"""Stand-ins for AWS below the SDK: real clients, whose calls are answered before they are sent.

What is asked is checked against the SDK's own models; no request leaves, none is tried again.
"""

from __future__ import annotations

import threading
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from labproof.aws.connection import Connection

SESSION = boto3.session.Session()
TIMEOUT = "ReadTimeoutError"


class Asked(NamedTuple):
    """One call: what was asked for, and of what."""

    service: str
    operation: str
    request: str


class Wire:
    """Answers by operation: a response, an error code, or a function of the request."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[Asked] = []
        self.broken: dict[Asked, str] = {}

    def client(self, connection: Connection, service: str) -> Any:
        client, answering = client_of(service)
        answering.wire = self
        return client

    def answer(self, name: str, operation: str, request: dict[str, Any]) -> Any:
        asked = Asked(name, operation, str(sorted(request.items())))
        self.calls.append(asked)
        answer = self.broken.get(asked, self.answers.get(f"{name}.{operation}", {}))
        if answer == TIMEOUT:
            raise ReadTimeoutError(endpoint_url="https://test")
        if callable(answer):
            answer = answer(**request)
        if isinstance(answer, str):
            return response(400), {"Error": {"Code": answer, "Message": "said AWS"}}
        return response(200), deepcopy(answer)


class Answering:
    """What the hooks of a client ask; making a client takes long, so all tests share it."""

    def __init__(self) -> None:
        self.wire: Wire | None = None
        self._now = threading.local()

    def remember(self, params: dict[str, Any], **_: Any) -> None:
        self._now.request = params

    def answer(self, model: Any, **_: Any) -> Any:
        assert self.wire
        return self.wire.answer(model.service_model.service_name, model.name, self._now.request)


@cache
def client_of(service: str) -> tuple[Any, Answering]:
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    client, answering = SESSION.client(service, region_name="us-east-1", **keys), Answering()
    client.meta.events.register("provide-client-params.*.*", answering.remember)
    client.meta.events.register("before-call.*.*", answering.answer)
    return client, answering


def response(status: int) -> AWSResponse:
    return AWSResponse("https://test", status, {}, None)


def wired(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> Wire:
    """Let every connection be answered so."""
    wire = Wire(answers)
    monkeypatch.setattr("labproof.aws.connection._client", wire.client)
    return wire
