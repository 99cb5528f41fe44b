"""Find and end processes by group, and tell who listens on a port."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

import psutil


def is_running(pid: int, mark: str) -> bool:
    """Whether a process lives and has `mark` in its command line.

    For a moment after its start a process has no command line yet.
    """
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        words = process.cmdline()
        return _is_alive(process) and (not words or mark in " ".join(words))
    return False


def group_of(leader: int, mark: str) -> list[psutil.Process]:
    """The processes of the group that `leader` led, if one's command line contains `mark`.

    A process id is used again after a while; the mark tells our group from a stranger's.
    """
    group = [p for p in psutil.process_iter() if _group(p) == leader and _is_alive(p)]
    return group if any(mark in command(process) for process in group) else []


def command(process: psutil.Process) -> str:
    """A process's command line; "" where it cannot be seen, or the process is gone."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _group(process: psutil.Process) -> int | None:
    with suppress(OSError):
        return os.getpgid(process.pid)
    return None


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process has not ended, which one that nobody has waited for yet has."""
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Ask again and again, at growing intervals, for at most `timeout` seconds."""
    deadline, pause = time.monotonic() + timeout, 0.02
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    return True


def end_group(leader: int, mark: str, timeout: float) -> None:
    """SIGTERM to the leader and SIGKILL to the others; SIGKILL to all after `timeout` seconds.

    The others are functions at work: the leader would wait for them before it ends.
    """
    group = group_of(leader, mark)
    leading = [process for process in group if process.pid == leader]
    for process in group:
        with suppress(psutil.NoSuchProcess):
            process.terminate() if process in leading else process.kill()
    psutil.wait_procs(leading, timeout)
    wait_until(lambda: not _kill(group_of(leader, mark)), 5)


def _kill(group: list[psutil.Process]) -> bool:
    """Kill every process of a group; tell whether there was one."""
    for process in group:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(group, 1)
    return bool(group)


def listener(port: int) -> str:
    """Who listens on a TCP port of this machine, as `process 12 (its command)`; "" if unknown."""
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            is_listening = connection.status == psutil.CONN_LISTEN
            if is_listening and connection.pid and connection.laddr[1:2] == (port,):
                named = command(psutil.Process(connection.pid))
                return f"process {connection.pid} ({named[:80]})"
    return ""
