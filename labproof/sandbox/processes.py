"""Find and end processes by group, and tell who listens on a port."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One running process and its command line."""

    pid: int
    group: int
    command: str


def running() -> Iterator[Process]:
    """All processes that can be seen, without zombies."""
    return _from_proc() if (PROC / "self" / "stat").exists() else _from_ps()


def _from_proc() -> Iterator[Process]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, _parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                command = (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
                if state != "Z":
                    yield Process(int(entry.name), int(group), command)


def _from_ps() -> Iterator[Process]:
    columns = ["ps", "-Aww", "-o", "pid=,pgid=,state=,command="]
    listing = subprocess.run(columns, capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        pid, group, state, *command = line.split(None, 3)
        if not state.startswith("Z"):
            yield Process(int(pid), int(group), "".join(command))


def group_of(leader: int, mark: str) -> list[Process]:
    """The processes of the group that `leader` led, if one's command line contains `mark`.

    A process id is used again after a while; the mark tells our group from a stranger's.
    """
    group = [process for process in running() if process.group == leader]
    return group if any(mark in process.command for process in group) else []


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Ask again and again, at growing intervals, for at most `timeout` seconds."""
    deadline, pause = time.monotonic() + timeout, 0.02
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    return True


def reap(pid: int) -> None:
    """Let a dead child go, if `pid` is a child of this process."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def end_group(leader: int, mark: str, timeout: float) -> None:
    """SIGTERM to the leader and SIGKILL to the others; SIGKILL to all after `timeout` seconds.

    The others are functions at work: the leader would wait for them before it ends.
    """

    def leader_ended() -> bool:
        reap(leader)
        return all(process.pid != leader for process in group_of(leader, mark))

    def group_ended() -> bool:
        reap(leader)
        return not _signal_group(leader, mark, signal.SIGKILL)

    _signal_group(leader, mark, signal.SIGTERM)
    wait_until(leader_ended, timeout)
    wait_until(group_ended, 5)


def _signal_group(leader: int, mark: str, for_leader: signal.Signals) -> bool:
    """Signal every process of the group; tell whether there was one."""
    group = group_of(leader, mark)
    for process in group:
        with suppress(ProcessLookupError):
            os.kill(process.pid, for_leader if process.pid == leader else signal.SIGKILL)
    return bool(group)


def listener(port: int) -> str:
    """Who listens on a TCP port of this machine, as `process 12 (its command)`; "" if unknown."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in running() if sockets else ():
        with suppress(OSError):
            for descriptor in (PROC / str(process.pid) / "fd").iterdir():
                with suppress(OSError):
                    if os.readlink(descriptor) in sockets:
                        return f"process {process.pid} ({process.command.strip()[:80]})"
    return ""


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (PROC / "net" / "tcp", PROC / "net" / "tcp6"):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[1].endswith(f":{port:04X}") and fields[3] == "0A":
                    yield fields[9]
