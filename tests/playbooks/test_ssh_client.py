"""The client host over SSH: files handed out, sample.zip uploaded and checked from there."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sandboxes import free_port
from tests.support.world import World, write_inventory
from tests.support.world import file_transfer_names as names

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="needs sshd (Debian: openssh-server)")

SETTINGS = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
Subsystem sftp internal-sftp
"""


def wait_for(port: int, seconds: float = 10) -> None:
    deadline, pause = time.monotonic() + seconds, 0.02
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 0.5)


@pytest.fixture
def ssh_host(tmp_path: Path) -> Iterator[dict[str, object]]:
    """An SSH server on the loopback, as inventory variables."""
    folder, port = tmp_path / "ssh", free_port()
    folder.mkdir(mode=0o700)
    for name in ("host_key", "key"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True)
    (folder / "config").write_text(SETTINGS.format(port=port, folder=folder))
    if getpass.getuser() == "root":
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(folder / "config")])
    wait_for(port)
    known = f"-o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=accept-new"
    yield {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_ssh_private_key_file": str(folder / "key"),
        "ansible_ssh_common_args": known,
        "ansible_python_interpreter": sys.executable,
        "lab_client_dir": str(tmp_path / "home of ada"),
    }
    server.terminate()
    server.wait()


def test_the_lab_works_from_a_client_behind_ssh(
    world: World, tmp_path: Path, ssh_host: dict[str, object]
) -> None:
    hosts = {"ada": names("ada", "300000000001") | ssh_host}
    world.inventory = write_inventory(tmp_path / "inventory", {"file_transfer": {"hosts": hosts}})
    home = Path(str(ssh_host["lab_client_dir"]))
    for playbook in ("site.yml", "verify.yml"):
        run = world.play(playbook)
        assert run.code == 0, run.messages
    assert {path.name for path in home.iterdir()} == {"lambda-function.py", "sample.zip"}
    (home / "lambda-function.py").write_text("# my own notes\n")
    assert world.play("site.yml").changed == {"ada": 0}, "a learner's edits stay"
    done = world.check("-k", "client or sample")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    assert world.play("destroy.yml").code == 0
    assert [path.name for path in home.iterdir()] == ["lambda-function.py"]
