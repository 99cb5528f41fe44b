"""The emulator, asked through its own API and in its own process."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError

App = Callable[..., Awaitable[None]]
ANSWER_S = 10
CONFIG = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
HOST = "http://127.0.0.1"  # never connected to
NOBODY = "000000000000"


class Emulator:
    """Clients of an emulator that runs in this process, on this event loop.

    The clients are to be used in another thread than the loop's.
    """

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        self.app, self.loop = app, loop
        self.session = boto3.session.Session()
        self._client = lru_cache(maxsize=256)(self._new_client)

    def client(self, service: str, account: str, region: str = "us-east-1") -> Any:
        """Return a client with the rights of an account's root."""
        return self._client(service, account, region)

    def ask(self, service: str, operation: str, account: str, **request: Any) -> Any:
        """Return the answer to one call, None where the emulator refuses it."""
        region = request.pop("region", "us-east-1")
        try:
            return getattr(self.client(service, account, region), operation)(**request)
        except ClientError:
            return None

    def account(self, access_key: str) -> str:
        """Return the account that an access key id belongs to."""
        if access_key.isdecimal() and len(access_key) == len(NOBODY):
            return access_key
        found = self.ask("sts", "get_access_key_info", NOBODY, AccessKeyId=access_key)
        return str((found or {}).get("Account", NOBODY))

    def _new_client(self, service: str, account: str, region: str) -> Any:
        client = self.session.client(
            service,
            region,
            endpoint_url=HOST,
            aws_access_key_id=account,
            aws_secret_access_key="in-process",  # noqa: S106 - any will do
            config=CONFIG,
        )
        client.meta.events.register("before-send", self._answer)
        return client

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        work = asyncio.run_coroutine_threadsafe(served(self.app, request), self.loop)
        status, headers, body = work.result(ANSWER_S)
        return AWSResponse(request.url, status, HeadersDict(headers), Raw(body))


class Raw(io.BytesIO):
    """A body as botocore takes it from the wire."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


async def served(app: App, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes]:
    """Let an ASGI application answer a request of the SDK."""
    url, body = urlsplit(request.url), request.body or b""
    body = body.encode() if isinstance(body, str) else body
    status, headers, parts = 500, {}, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.update({k.decode(): v.decode("latin-1") for k, v in message["headers"]})
        else:
            parts.append(message.get("body", b""))

    await app(scope_of(request, url.path, url.query), receive, send)
    return status, headers, b"".join(parts)


def scope_of(request: AWSPreparedRequest, path: str, query: str) -> dict[str, Any]:
    """Return the ASGI scope of a request of the SDK."""
    given = [(k.lower(), v) for k, v in request.headers.items()]
    pairs = [(k, v if isinstance(v, bytes) else str(v).encode()) for k, v in given]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [*((k.encode(), v) for k, v in pairs), (b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
    }
