"""The layer itself: an ASGI application around the emulator's, which asks the rules first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request
from labproof.sandbox.strict.rules import ANSWER_RULES, COMPLETIONS, RULES, WITHOUT_BODY

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
CONTROL = "/_ministack"
SUCCESS = 300
# What is looked at when the emulator has answered
AFTERWARDS = ANSWER_RULES | COMPLETIONS


class Strict:
    """Refuses what AWS would refuse, and lets everything else through as it came."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.known: Emulator | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            return await self.app(scope, receive, send)
        request = Request.of_scope(scope)
        if request.is_form or (request.action in RULES and request.action not in WITHOUT_BODY):
            body = await whole(receive)
            receive, request = again(body, receive), Request.of_scope(scope, body)
        rules = [partial(rule, request, self.emulator) for rule in RULES.get(request.action, [])]
        if refusal := await refused(rules):
            return await answer(send, refusal, request)
        if request.action in AFTERWARDS:
            send = Judged(request, self.emulator, send).send
        await self.app(scope, receive, send)

    @property
    def emulator(self) -> Emulator:
        if self.known is None:
            from labproof.sandbox.strict.emulator import Emulator  # late: it loads the SDK

            self.known = Emulator(self.app, asyncio.get_running_loop())
        return self.known


class Judged:
    """Holds the emulator's answer against the rules, and gives a refusal in its place."""

    def __init__(self, request: Request, emulator: Emulator, send: Send) -> None:
        self.request, self.emulator, self.forward = request, emulator, send
        self.refusal: Refusal | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < SUCCESS:
            headers = {k.decode().lower(): v.decode("latin-1") for k, v in message["headers"]}
            found = AFTERWARDS[self.request.action]
            asked = (self.request, self.emulator, headers)
            self.refusal = await refused([partial(rule, *asked) for rule in found])
            if self.refusal:
                await answer(self.forward, self.refusal, self.request)
        if not self.refusal:
            await self.forward(message)


async def refused(rules: Sequence[Callable[[], None]]) -> Refusal | None:
    """Return the refusal of the first rule that has one; rules ask the emulator, so in a thread."""
    return await asyncio.to_thread(first, rules) if rules else None


def first(rules: Sequence[Callable[[], None]]) -> Refusal | None:
    try:
        for rule in rules:
            rule()
    except Refusal as refusal:
        return refusal
    return None


async def whole(receive: Receive) -> bytes:
    """Read a request's whole body."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read once more."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


async def answer(send: Send, refusal: Refusal, request: Request) -> None:
    """Send a refusal; the answer to HEAD has no body, only what it is about."""
    status, content_type, body = refusal.answer(request.service)
    length = str(len(body)).encode()
    headers = [(b"content-type", content_type.encode()), (b"content-length", length)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
