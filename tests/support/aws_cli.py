"""The AWS CLI, started once: its 0.4 s of start-up, a hundred times over, would be most of a test.

``serve`` runs under the CLI's own Python and forks for each command; ``call`` hands it a command
with the caller's folder, environment and streams. It uses no module of this project.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

LONGEST_REQUEST = 1 << 17
SERVICES = ("cloudtrail", "dynamodb", "iam", "kms", "lambda", "s3", "sts")


def python_of(cli: str) -> str | None:
    """Return the Python that runs a CLI, if it is a script of Python."""
    with Path(cli).open("rb") as script:
        first = script.readline().decode(errors="replace").strip()
    interpreter = first.removeprefix("#!").split(" ")[0]
    return interpreter if first.startswith("#!/") and "python" in interpreter else None


def write_command(folder: Path, address: Path) -> None:
    """Write an ``aws`` that calls the server at a Unix socket."""
    folder.mkdir()
    command = folder / "aws"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {__file__} call {address} "$@"\n')
    command.chmod(0o755)


def serve(address: str) -> NoReturn:
    """Answer one caller after the other, each in a process of its own."""
    from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]

    driver = create_clidriver()
    for service in SERVICES:
        driver.session.get_service_model(service)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    while True:
        caller, _ = listener.accept()
        if os.fork() == 0:
            answer(driver, caller)
        caller.close()


def answer(driver: Any, caller: socket.socket) -> NoReturn:
    """Run the caller's command in place of the caller, send its exit code, and end."""
    request, streams, *_ = socket.recv_fds(caller, LONGEST_REQUEST, 3)
    arguments, folder, environment = json.loads(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = driver.main(arguments)
    sys.stdout.flush()
    caller.sendall(bytes([code or 0]))
    os._exit(0)


def call(address: str, arguments: list[str]) -> int:
    """Have the server run a command; return its exit code, or 255 where the server broke off."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        request = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()
        socket.send_fds(server, [request], [0, 1, 2])
        return (server.recv(1) or b"\xff")[0]


if __name__ == "__main__":
    action, address, *arguments = sys.argv[1:]
    sys.exit(serve(address) if action == "serve" else call(address, arguments))
