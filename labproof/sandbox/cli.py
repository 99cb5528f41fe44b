"""The command line of the sandbox."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from labproof.sandbox.errors import SandboxError
from labproof.sandbox.launcher import Sandbox, SandboxStatus


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, for `status` when the sandbox is healthy."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options.command, Sandbox(options.folder, options.port))
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labproof.sandbox", description=__doc__)
    parser.add_argument("command", choices=("start", "stop", "status", "reset"))
    parser.add_argument("--port", type=int, default=4566, help="HTTP; HTTPS is on the next port")
    parser.add_argument("--folder", type=Path, default=Path(".sandbox"), help="default: .sandbox")
    return parser


def _run(command: str, sandbox: Sandbox) -> int:
    if command == "start":
        started = sandbox.start()
        print(_running(sandbox.status(), sandbox, "is running" if started else "ran already"))
    elif command == "stop":
        print("The sandbox has stopped." if sandbox.stop() else "The sandbox was not running.")
    elif command == "reset":
        sandbox.reset()
        print("All accounts of the sandbox are empty.")
    else:
        return _report(sandbox)
    if sandbox.notice:
        print(sandbox.notice)
    return 0


def _report(sandbox: Sandbox) -> int:
    status = sandbox.status()
    if status.healthy:
        print(_running(status, sandbox, f"has been running since {status.started_at}"))
    elif status.running:
        print(f"The sandbox (process {status.pid}) does not answer: see {sandbox.log_path}.")
    else:
        print("The sandbox is not running.")
    return 0 if status.healthy else 1


def _running(status: SandboxStatus, sandbox: Sandbox, since: str) -> str:
    return (
        f"The sandbox {since}: {status.endpoint_url} and {status.http_endpoint_url}\n"
        f"Clients of HTTPS need AWS_CA_BUNDLE={sandbox.ca_bundle}"
    )
