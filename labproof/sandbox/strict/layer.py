"""The layer itself: an ASGI application around the emulator's, which asks the rules first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from labproof.sandbox.strict.emulator import App, Emulator
from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request
from labproof.sandbox.strict.rules import RULES, WITHOUT_BODY

# What rules look into is small: policies, configurations. A package of code is larger.
LARGEST_BODY = 70_000_000  # bytes; Lambda takes 50 MB of zip archive, as base64

Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]


class Strict:
    """Refuses what AWS would refuse, and lets everything else through as it came."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.emulator: Emulator | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_ministack"):
            return await self.app(scope, receive, send)
        request = Request.of_scope(scope)
        if not request.is_form and request.action not in RULES:
            return await self.app(scope, receive, send)
        if request.action not in WITHOUT_BODY:
            body = await whole(receive)
            receive, request = again(body, receive), Request.of_scope(scope, body)
        if refusal := await self.refused(request):
            return await answer(send, *refusal.answer(request.service))
        await self.app(scope, receive, send)

    async def refused(self, request: Request) -> Refusal | None:
        """Return why AWS would refuse a request, by the first rule that says so."""
        rules = RULES.get(request.action, [])
        if not rules:
            return None
        if self.emulator is None:
            self.emulator = Emulator(self.app, asyncio.get_running_loop())
        return await asyncio.to_thread(first, rules, request, self.emulator)


def first(rules: list[Any], request: Request, emulator: Emulator) -> Refusal | None:
    """Return the refusal of the first rule that has one."""
    try:
        for rule in rules:
            rule(request, emulator)
    except Refusal as refusal:
        return refusal
    return None


async def whole(receive: Receive) -> bytes:
    """Read a request's whole body."""
    body, more = bytearray(), True
    while more and len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read once more."""
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return dict(await receive())
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def answer(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
