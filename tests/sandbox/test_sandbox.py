"""The launcher: what it starts, what it leaves alone, and what survives."""

import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import BotoCoreError

from labproof.sandbox import Sandbox, SandboxError, processes
from labproof.sandbox.cli import main
from labproof.sandbox.folder import Run, SandboxFolder
from tests.support.sandboxes import (
    TRUST_LAMBDA,
    client,
    create_function,
    create_role,
    free_port,
    policy,
)

NewSandbox = Callable[[], Sandbox]
SLOW_SOURCE = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def handler(event, context):
    open(os.environ["TMPDIR"] + "/works", "w").close()
    time.sleep(50)
"""


def processes_of(sandbox: Sandbox) -> list[psutil.Process]:
    running = [p for p in psutil.process_iter(["status"]) if p.info["status"] != "zombie"]
    return [p for p in running if f"{sandbox.folder}/" in processes.command(p)]


def kill(sandbox: Sandbox) -> None:
    assert sandbox.pid
    os.kill(sandbox.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: sandbox.pid is None, 5)


def create_bucket(sandbox: Sandbox) -> None:
    s3 = client(sandbox, "s3")
    s3.create_bucket(Bucket="kept")
    s3.close()


def test_starts_once_tells_its_status_and_stops(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    assert not sandbox.status().running
    assert sandbox.start()
    assert not sandbox.start()
    status = sandbox.status()
    assert status.healthy
    assert (status.pid, status.port) == (sandbox.pid, sandbox.port)
    assert status.started_at
    assert sandbox.stop()
    assert not sandbox.stop()
    assert sandbox.pid is None
    assert not (sandbox.folder / "run.json").exists()


def test_of_concurrent_starts_one_starts_and_the_others_wait(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    same = [Sandbox(sandbox.folder, sandbox.port) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(Sandbox.start, same)) == [False, False, False, False, True]
    assert len(processes_of(sandbox)) == 1


def test_folder_and_keys_are_private(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((sandbox.folder / "tls" / "server.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("port", ["http", "https"])
def test_listens_on_one_address_only(sandbox: Sandbox, port: str) -> None:
    number = sandbox.port + (port == "https")
    socket.create_connection(("127.0.0.1", number), timeout=2).close()
    with pytest.raises(OSError):  # noqa: PT011  # refused, or no such address on this system
        socket.create_connection(("127.0.0.2", number), timeout=2)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_certificate_passes_strict_verification(sandbox: Sandbox, name: str) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    with (
        socket.create_connection(("127.0.0.1", sandbox.port + 1), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname=name) as encrypted,
    ):
        assert encrypted.version() == "TLSv1.3"


def test_certificates_are_kept_over_a_restart(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    before = sandbox.ca_bundle.read_bytes()
    sandbox.stop()
    sandbox.start()
    assert sandbox.ca_bundle.read_bytes() == before


def test_a_clean_restart_keeps_everything(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    s3, iam = client(sandbox, "s3"), client(sandbox, "iam")
    document = policy(
        {"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b1b/*"}
    )
    s3.create_bucket(Bucket="b1b")
    s3.delete_public_access_block(Bucket="b1b")
    s3.put_bucket_policy(Bucket="b1b", Policy=document)
    s3.put_object(Bucket="b1b", Key="a b/ü.zip", Body=b"body", Metadata={"a": "b"})
    create_role(sandbox, "kept", TRUST_LAMBDA, {"Action": "s3:GetObject", "Resource": "*"})
    sandbox.stop()  # while s3 and iam still hold their connections
    assert sandbox.notice == ""
    sandbox.start()
    assert sandbox.notice == ""
    assert s3.get_bucket_policy(Bucket="b1b")["Policy"] == document
    copy = s3.get_object(Bucket="b1b", Key="a b/ü.zip")
    assert (copy["Body"].read(), copy["Metadata"]) == (b"body", {"a": "b"})
    assert iam.get_role_policy(RoleName="kept", PolicyName="rights")


def test_after_a_kill_it_starts_empty_and_says_so(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    create_bucket(sandbox)
    sandbox.stop()
    sandbox.start()
    create_role(sandbox, "lost", TRUST_LAMBDA, {"Action": "s3:GetObject", "Resource": "*"})
    kill(sandbox)
    assert sandbox.start()
    assert "starts empty" in sandbox.notice
    assert client(sandbox, "s3").list_buckets()["Buckets"] == []
    assert client(sandbox, "iam").list_roles()["Roles"] == []


def test_a_kill_before_any_request_loses_nothing(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    create_bucket(sandbox)
    sandbox.stop()
    sandbox.start()
    kill(sandbox)
    sandbox.start()
    assert sandbox.notice == ""
    client(sandbox, "s3").head_bucket(Bucket="kept")


def test_a_stop_that_had_to_kill_says_that_state_is_lost(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    create_bucket(sandbox)
    assert sandbox.pid
    os.kill(sandbox.pid, signal.SIGSTOP)  # it hangs
    assert sandbox.stop(timeout=0)
    assert "could not save" in sandbox.notice
    assert processes_of(sandbox) == []


def test_a_saved_state_that_cannot_be_read_is_not_used_in_part(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    create_bucket(sandbox)
    sandbox.stop()
    (sandbox.folder / "state" / "s3.json").write_text("{")
    with pytest.raises(SandboxError, match="the saved state cannot be read"):
        sandbox.start()
    assert sandbox.start()
    assert "starts empty" in sandbox.notice
    assert client(sandbox, "s3").list_buckets()["Buckets"] == []


def test_a_state_that_cannot_be_saved_is_not_used_in_part(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    create_bucket(sandbox)
    (sandbox.folder / "state" / "s3.json").mkdir()  # so that no file of this name can be written
    sandbox.stop()
    assert "could not save" in sandbox.notice


@pytest.fixture
def busy_sandbox(new_sandbox: NewSandbox) -> Iterator[Sandbox]:
    """A sandbox with a function at work that ignores SIGTERM, and a client that waits for it."""
    sandbox = new_sandbox()
    sandbox.start()
    role = create_role(sandbox, "slow", TRUST_LAMBDA, {"Action": "s3:*", "Resource": "*"})
    create_function(sandbox, "slow", role, SLOW_SOURCE)
    functions = client(sandbox, "lambda")

    def invoke() -> None:
        with suppress(BotoCoreError):
            functions.invoke(FunctionName="slow")

    invocation = threading.Thread(target=invoke, daemon=True)
    invocation.start()
    assert processes.wait_until((sandbox.folder / "tmp" / "works").exists, 10)
    yield sandbox
    invocation.join(10)


def test_stop_ends_functions_at_work_and_saves(busy_sandbox: Sandbox) -> None:
    assert busy_sandbox.stop()
    assert busy_sandbox.notice == ""
    assert processes_of(busy_sandbox) == []


@pytest.mark.parametrize(("act", "left"), [(Sandbox.stop, 0), (Sandbox.start, 1)])
def test_functions_of_a_killed_server_end_with_the_next_command(
    busy_sandbox: Sandbox, act: Callable[[Sandbox], bool], left: int
) -> None:
    kill(busy_sandbox)
    assert len(processes_of(busy_sandbox)) == 1
    act(busy_sandbox)
    assert len(processes_of(busy_sandbox)) == left


def test_never_ends_a_process_that_is_not_its_own(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    sandbox.stop()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        SandboxFolder(sandbox.folder).record(Run(stranger.pid, sandbox.port, "2026-01-01"))
        assert not sandbox.status().running
        assert not sandbox.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_has_no_command_line_yet_has_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: [])
    assert processes.is_running(os.getpid(), "any")


def test_reset_wipes_all_accounts(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    client(sandbox, "s3", "111111111111").create_bucket(Bucket="one")
    client(sandbox, "s3", "222222222222").create_bucket(Bucket="two")
    sandbox.reset()
    for account in ("111111111111", "222222222222"):
        assert client(sandbox, "s3", account).list_buckets()["Buckets"] == []


def test_reset_of_a_stopped_sandbox_is_an_error(new_sandbox: NewSandbox) -> None:
    with pytest.raises(SandboxError, match="not running: start it"):
        new_sandbox().reset()


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_named_with_its_owner(new_sandbox: NewSandbox, offset: int) -> None:
    sandbox = new_sandbox()
    taken = sandbox.port + offset
    with (
        socket.create_server(("127.0.0.1", taken)),
        pytest.raises(SandboxError, match=f"needs port {taken}") as error,
    ):
        sandbox.start()
    if sys.platform == "linux":
        assert f"process {os.getpid()}" in str(error.value)


def test_another_port_than_the_running_one_is_an_error(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    sandbox.start()
    other = Sandbox(sandbox.folder, free_port())
    with pytest.raises(SandboxError, match=f"runs on port {sandbox.port} already"):
        other.start()
    assert other.status().port == sandbox.port


def test_a_server_that_does_not_answer_in_time_is_ended(new_sandbox: NewSandbox) -> None:
    sandbox = new_sandbox()
    with pytest.raises(SandboxError, match="did not answer"):
        sandbox.start(timeout=0)
    assert processes_of(sandbox) == []


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxError, match="cannot use its folder"):
        Sandbox(tmp_path / "file").start()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(SandboxError, match="holds other files"):
        Sandbox(tmp_path).start()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_port_without_a_next_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="1 to 65534"):
        Sandbox(tmp_path, 65535)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--folder", str(tmp_path / "sandbox"), "--port", str(free_port())]
    assert main(["status", *options]) == 1
    assert main(["reset", *options]) == 1
    assert main(["start", *options]) == 0
    assert main(["start", *options]) == 0
    assert main(["status", *options]) == 0
    assert main(["reset", *options]) == 0
    assert main(["stop", *options]) == 0
    assert main(["stop", *options]) == 0
    said = capsys.readouterr()
    for phrase in ("is not running", "is running", "ran already", "are empty", "has stopped"):
        assert phrase in said.out
    assert said.err == "The sandbox is not running: start it, then reset it.\n"
