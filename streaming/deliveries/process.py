"""Which process this is, in words that no other one ever has, and whether another one has ended."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

__all__ = ["has_ended", "this_process"]

# /proc/PID/stat: the start is the 22nd field, the 20th behind the name in brackets.
_STARTED = 19


@cache
def this_process() -> str:
    """Name this process: "host/pid/start", the start in clock ticks since the machine's (0: not known)."""
    return f"{socket.gethostname()[:64]}/{os.getpid()}/{_started(os.getpid()) or 0}"


def has_ended(process: str) -> bool:
    """Tell whether a process is known to have ended; of another machine's, nothing is known.

    Args:
        process: a name that `this_process` gave.
    """
    host, pid, started = process.rsplit("/", 2)
    if host != this_process().rsplit("/", 2)[0] or started == "0":
        return False
    return _started(int(pid)) != int(started)


def _started(pid: int) -> int | None:
    """Read when a process began; None: there is none, or this system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[_STARTED])
