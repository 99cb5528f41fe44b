"""The folder that holds a sandbox: its state, certificates, log, and which server is its own."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from labproof.sandbox import processes
from labproof.sandbox.certificates import ensure_certificates
from labproof.sandbox.errors import SandboxError


@dataclass(frozen=True)
class Run:
    """A server that was started: its process id, its HTTP port, and when (ISO 8601, UTC)."""

    pid: int
    port: int
    started_at: str


class SandboxFolder:
    """Paths and files of one sandbox. The server creates the file `unsaved` at its first request
    and removes it when it has saved its state.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = f"{path}/"  # in the command line of the server and of its handlers
        self.log = path / "server.log"
        self.ca_bundle = path / "tls" / "ca.pem"
        self.unsaved = path / "unsaved"
        self._run_file = path / "run.json"

    @contextmanager
    def locked(self, timeout: float) -> Iterator[None]:
        """Change the sandbox alone; wait for others that do, at most `timeout` seconds.

        Raises SandboxError, also in place of any OSError of the body.
        """
        try:
            self._claim()
            with (self.path / "lock").open("w") as lock:
                if not processes.wait_until(lambda: _try_lock(lock.fileno()), timeout):
                    raise SandboxError(
                        "Another command has been starting or stopping the sandbox for "
                        f"{timeout:g} seconds: wait for it, or end it."
                    )
                yield
        except OSError as error:
            raise SandboxError(
                f"The sandbox cannot use its folder {self.path} ({error}): make it a folder "
                "that you can write to, or choose another one."
            ) from error

    def _claim(self) -> None:
        """Make the folder private; refuse a folder that holds something else."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(self.path.iterdir()) and not (self.path / "lock").exists():
            raise SandboxError(
                f"The folder {self.path} holds other files: choose an empty or a new folder."
            )
        self.path.chmod(0o700)

    def prepare(self) -> bool:
        """Lay out the folder, and drop a state that was not saved; tell whether it was dropped."""
        lost = self.unsaved.exists()
        for name in ("tmp", "state", "s3") if lost else ("tmp",):
            with suppress(FileNotFoundError):
                shutil.rmtree(self.path / name)
        self.unsaved.unlink(missing_ok=True)
        for name in ("home", "tmp", "state", "s3"):
            (self.path / name).mkdir(exist_ok=True)
        (self.path / ".gitignore").write_text("*\n")
        ensure_certificates(self.path / "tls")
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".log.1"))
        return lost

    def last_run(self) -> Run | None:
        """The run that was recorded last, whether it lives or not."""
        try:
            return Run(**json.loads(self._run_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def live_run(self) -> Run | None:
        """The recorded run, if its process lives and is the server of this folder."""
        run = self.last_run()
        return run if run and processes.is_running(run.pid, self.mark) else None

    def record(self, run: Run) -> None:
        """Remember which server is this folder's."""
        self._run_file.write_text(json.dumps(asdict(run)))

    def end_processes(self, timeout: float = 0) -> None:
        """End the recorded run, given `timeout` seconds to save, and all that its handlers left."""
        if run := self.last_run():
            processes.end_group(run.pid, self.mark, timeout)
        self._run_file.unlink(missing_ok=True)

    def log_tail(self, lines: int = 10) -> str:
        """The log's last lines, indented."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join(f"  {line}" for line in text)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
