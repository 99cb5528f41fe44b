"""Time the build of one lab beside what a user would do instead: AWS CLI calls, an SDK script.

All three build the xfusion lab from nothing on a sandbox that is running, in turn, so that a
machine whose speed drifts is fair to each. Usage: ``python bench/build.py [RUNS]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from labproof.labs.package import fill, zip_bytes
from labproof.sandbox import Sandbox, SandboxError

BENCH = Path(__file__).parent
PROJECT = BENCH.parent
CLI_ENVIRONMENT = PROJECT / ".venv-bench"
PORT = 24566
ACCOUNT = "100000000046"
NAMES = {
    "REPLACE-WITH-YOUR-DYNAMODB-TABLE": "xfusion-S3CopyLogs",
    "REPLACE-WITH-YOUR-PRIVATE-BUCKET": "xfusion-private-19821",
}


def install_cli() -> Path:
    """Return the AWS CLI of an environment of its own, for it pins its botocore."""
    cli = CLI_ENVIRONMENT / "bin" / "aws"
    if not cli.exists():
        print(f"Installing the AWS CLI into {CLI_ENVIRONMENT.name} ...", flush=True)
        venv.create(CLI_ENVIRONMENT, with_pip=True)
        pip = [str(CLI_ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "-r", str(BENCH / "requirements.txt")], check=True)
    return cli


def write_function(folder: Path) -> Path:
    source = (PROJECT / "files" / "lambda-function.py").read_text("utf-8")
    package = folder / "function.zip"
    package.write_bytes(zip_bytes({"lambda_function.py": fill(source, NAMES)}))
    return package


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SANDBOX_PORT": str(PORT),
        "SANDBOX_FOLDER": str(sandbox.folder),
        "AWS_CLI": str(install_cli()),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox-only",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": sandbox.endpoint_url,
        "AWS_CA_BUNDLE": str(sandbox.ca_bundle),
        "AWS_PAGER": "",
        "FUNCTION_ZIP": str(write_function(folder)),
    }


def measure(
    commands: dict[str, list[str]], sandbox: Sandbox, variables: dict[str, str], runs: int
) -> dict[str, list[float]]:
    """Run every command in turn, after one round to warm up; return the seconds of each run."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            sandbox.reset()
            start = time.perf_counter()
            done = subprocess.run(
                command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            if turn:
                seconds[name].append(time.perf_counter() - start)
        print(f"round {turn} of {runs}", "(warm-up)" if not turn else "", flush=True)
    return seconds


def show(seconds: dict[str, list[float]]) -> None:
    """Print medians, the spread, and each one's ratio to the AWS CLI, round by round."""
    print(f"\n{'one lab, from nothing':<24}{'median':>9}{'min':>8}{'max':>8}{'× CLI':>8}")
    for name, values in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(values, seconds["AWS CLI"], strict=True))
        figures = f"{statistics.median(values):>8.2f}s{min(values):>7.2f}s{max(values):>7.2f}s"
        print(f"{name:<24}{figures}{ratio:>8.2f}")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    binaries = Path(sys.executable).parent
    commands = {
        "site.yml": [str(binaries / "ansible-playbook"), "site.yml", "-l", "xfusion"],
        "AWS CLI": ["sh", str(BENCH / "cli.sh")],
        "SDK script": [sys.executable, str(BENCH / "sdk.py")],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sandbox = Sandbox(folder / "sandbox", PORT)
        try:
            sandbox.start()
        except SandboxError as error:
            sys.exit(str(error))
        try:
            show(measure(commands, sandbox, environment(sandbox, folder), runs))
        finally:
            sandbox.stop(timeout=5)


if __name__ == "__main__":
    main()
