"""Start, stop and inspect the sandbox."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from labproof.sandbox import processes
from labproof.sandbox.environment import server_environment
from labproof.sandbox.errors import SandboxError
from labproof.sandbox.folder import Run, SandboxFolder

SERVER = Path(__file__).with_name("server.py")
NEEDED = ("ministack", "hypercorn", "trustme")
STARTS_EMPTY = "The last run ended before it could save its state, so the sandbox starts empty."
# A server that was killed has its ports until the last of its threads is gone.
PORT_S = 1.0
NOT_SAVED = "The sandbox could not save its state, so it will start empty."


@dataclass(frozen=True)
class SandboxStatus:
    """What is known of the sandbox now; `pid` and `started_at` are None when it is not running."""

    running: bool
    healthy: bool
    port: int
    endpoint_url: str
    http_endpoint_url: str
    pid: int | None = None
    started_at: datetime | None = None


class Sandbox:
    """The AWS API of one folder: HTTP on `port`, HTTPS on `port + 1`, on this machine only.

    Clients of `endpoint_url` have to trust `ca_bundle`. `log_path` is the log of the running or
    last server; the one before is beside it. `notice` is a sentence for the user after a start or
    a stop that lost state, else empty.
    `settings` are further environment variables of the server.
    """

    def __init__(
        self, folder: Path | str, port: int = 4566, settings: dict[str, str] | None = None
    ) -> None:
        if not 0 < port < 65535:
            raise SandboxError(f"The sandbox needs a port from 1 to 65534, not {port}.")
        self.folder = Path(folder).expanduser().resolve()
        self.port = port
        self.notice = ""
        self.settings = settings or {}
        self._files = SandboxFolder(self.folder)
        self.http_endpoint_url = f"http://127.0.0.1:{port}"
        self.endpoint_url = f"https://127.0.0.1:{port + 1}"
        self.ca_bundle = self._files.ca_bundle
        self.log_path = self._files.log

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it is not running."""
        run = self._files.live_run()
        return run.pid if run else None

    def start(self, timeout: float = 30) -> bool:
        """Start the server and wait, at most `timeout` seconds, until it answers.

        Returns False when it ran already. Raises SandboxError.
        """
        deadline = time.monotonic() + timeout
        with self._files.locked(timeout):
            self.notice = ""
            if run := self._files.live_run():
                self._expect_port(run.port)
                self._wait_until_healthy(run.pid, deadline)
                return False
            self._files.end_processes()
            self._expect_dependencies()
            self._expect_free_ports()
            self.notice = STARTS_EMPTY if self._files.prepare() else ""
            self._launch(deadline)
            return True

    def stop(self, timeout: float = 15) -> bool:
        """Let the server save its state and end, for at most `timeout` seconds, then kill it.

        Returns False when it was not running. Raises SandboxError.
        """
        if not self.folder.exists():
            return False
        with self._files.locked(timeout):
            was_running = self.pid is not None
            self._files.end_processes(timeout)
            self.notice = NOT_SAVED if was_running and self._files.unsaved.exists() else ""
            return was_running

    def status(self) -> SandboxStatus:
        """Look without changing anything; a running server's own port counts, not `port`."""
        run = self._files.live_run()
        port = run.port if run else self.port
        told = Sandbox(self.folder, port)
        return SandboxStatus(
            running=run is not None,
            healthy=run is not None and told._is_healthy(),
            port=port,
            endpoint_url=told.endpoint_url,
            http_endpoint_url=told.http_endpoint_url,
            pid=run.pid if run else None,
            started_at=datetime.fromisoformat(run.started_at) if run else None,
        )

    def reset(self, timeout: float = 30) -> None:
        """Wipe all accounts, within `timeout` seconds. Raises SandboxError."""
        run = self._files.live_run()
        if run is None:
            raise SandboxError("The sandbox is not running: start it, then reset it.")
        if _request("POST", run.port, "/_ministack/reset", timeout) != 200:
            raise SandboxError(
                f"The sandbox did not wipe its accounts: see {self.log_path}, or stop it and "
                f"remove {self.folder}."
            )

    def _is_healthy(self) -> bool:
        return _request("GET", self.port, "/_ministack/health", timeout=5) == 200

    def _expect_port(self, running_on: int) -> None:
        if running_on != self.port:
            raise SandboxError(
                f"The sandbox in {self.folder} runs on port {running_on} already, not on "
                f"{self.port}: use that port, or stop it first."
            )

    def _expect_dependencies(self) -> None:
        missing = [name for name in NEEDED if not find_spec(name)]
        if missing:
            raise SandboxError(
                f"The sandbox needs {', '.join(missing)}, which {sys.executable} does not "
                "have: activate the project's environment."
            )

    def _expect_free_ports(self) -> None:
        for port in (self.port, self.port + 1):
            if not processes.wait_until(partial(_is_free, port), PORT_S):
                who = processes.listener(port) or _taken(port)
                raise SandboxError(
                    f"The sandbox needs port {port} of 127.0.0.1 but cannot have it ({who}): end "
                    "what uses it, or choose another port."
                )

    def _launch(self, deadline: float) -> None:
        """Start the server, record it and wait for it; end it when that fails."""
        with self.log_path.open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-P", str(SERVER), self._files.mark, str(self.port)],
                env=server_environment(self.folder, self.port, self.endpoint_url, self.ca_bundle)
                | self.settings,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, which Ctrl-C does not reach
            )
        try:
            started_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._files.record(Run(server.pid, self.port, started_at))
            self._wait_until_healthy(server.pid, deadline)
        except BaseException:
            self._files.end_processes()
            raise
        finally:
            server.returncode = 0  # it outlives this object on purpose: no warning about that

    def _wait_until_healthy(self, pid: int, deadline: float) -> None:
        """Ask until the server answers. Raises SandboxError when it dies or takes too long."""

        def died() -> bool:
            return self._files.live_run() is None

        timeout = deadline - time.monotonic()
        if not processes.wait_until(lambda: self._is_healthy() or died(), timeout):
            raise SandboxError(
                f"The sandbox (process {pid}) did not answer on {self.http_endpoint_url} in time: "
                f"see {self.log_path}, then stop it and start it again."
            )
        if died():
            raise SandboxError(
                f"The sandbox ended while starting; its log says why:\n{self._files.log_tail()}"
            )


def _is_free(port: int) -> bool:
    return not _taken(port)


def _taken(port: int) -> str:
    """Why a port of this machine cannot be had; "" where it can."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _request(method: str, port: int, path: str, timeout: float) -> int | None:
    """The answer's status, or None when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
