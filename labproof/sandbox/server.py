"""The server process of the sandbox: MiniStack on an HTTPS port and an HTTP port.

`server.py FOLDER PORT`, started by the launcher as a script, in a bare environment.
"""

import asyncio
import logging
import re
import resource
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEALTH_PATH = "/_ministack/health"


class StateTrouble(logging.Handler):
    """Notices when MiniStack could not save or read state: it only logs that, and goes on."""

    seen = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember any warning or error about persistence."""
        self.seen = self.seen or "persist" in f"{record.name} {record.msg}".lower()


def truthful(app: App) -> App:
    """Let only the connection say whether a request came over HTTPS, never the client.

    MiniStack takes aws:SecureTransport from X-Forwarded-Proto, and no proxy is in front of it.
    """

    async def serve_truthfully(scope: Message, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            kept = [h for h in scope["headers"] if h[0].lower() != b"x-forwarded-proto"]
            scope = {**scope, "headers": kept}
        await app(scope, receive, send)

    return serve_truthfully


def capitalizing(app: App) -> App:
    """Name the filters of a bucket's notifications ``Prefix`` and ``Suffix``, as S3 answers.

    Whoever compares what S3 has with what it was told would find a change each time.
    https://github.com/aws/aws-sdk/issues/389
    """

    async def serve_capitalized(scope: Message, receive: Receive, send: Send) -> None:
        async def send_capitalized(message: Message) -> None:
            if body := message.get("body"):
                for name in (b"prefix", b"suffix"):
                    body = body.replace(b"<Name>%b<" % name, b"<Name>%b<" % name.capitalize())
                message = {**message, "body": body}
            await send(message)

        asks = scope["type"] == "http" and scope["method"] == "GET"
        asks = asks and b"notification" in re.split(b"[&=]", scope["query_string"])
        await app(scope, receive, send_capitalized if asks else send)

    return serve_capitalized


def marking(app: App, unsaved: Path, trouble: StateTrouble) -> App:
    """Create the file `unsaved` before the first request, and refuse to start from half a state."""

    async def serve_marked(scope: Message, receive: Receive, send: Send) -> None:
        async def send_startup(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete" and trouble.seen:
                unsaved.touch()
                text = "the saved state cannot be read; the next start begins empty"
                message = {"type": "lifespan.startup.failed", "message": text}
            await send(message)

        if scope["type"] == "lifespan":
            return await app(scope, receive, send_startup)
        if scope["path"] != HEALTH_PATH and not unsaved.exists():
            unsaved.touch()
        await app(scope, receive, send)

    return serve_marked


def configuration(folder: Path, port: int) -> Config:
    """HTTP on `port`, HTTPS on the next one, both on this machine only."""
    config = Config()
    config.bind = [f"127.0.0.1:{port + 1}"]
    config.insecure_bind = [f"127.0.0.1:{port}"]
    config.certfile = str(folder / "tls" / "server.pem")
    config.keyfile = str(folder / "tls" / "server.key")
    config.keep_alive_timeout = 75
    return config


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose shutdown waits 0.2 seconds, not 30, for clients that keep TLS open."""

    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
        """Listen, with a shorter farewell."""
        if options.get("ssl"):
            options["ssl_shutdown_timeout"] = 0.2
        return await super().create_server(*arguments, **options)


def raise_open_files_limit() -> None:
    """Take as many open files as the system allows: a class makes many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):
        logging.getLogger("sandbox").info("the limit of open files stays at %s", soft)


async def run(folder: Path, port: int) -> None:
    """Serve until SIGTERM; the state counts as saved only after a shutdown without trouble."""
    from ministack.app import app

    from labproof.sandbox.strict.layer import Strict

    unsaved, trouble = folder / "unsaved", StateTrouble(logging.WARNING)
    logging.getLogger().addHandler(trouble)
    served = truthful(capitalizing(marking(Strict(app), unsaved, trouble)))
    await serve(served, configuration(folder, port))
    if not trouble.seen:
        unsaved.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))  # the package that this file is of
    raise_open_files_limit()
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run(Path(sys.argv[1]), int(sys.argv[2])))
