"""Work for vision processes in tests; it must be importable where they are spawned."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["answer", "die", "die_once", "fail", "nothing", "pid_of", "sleep"]


def nothing() -> None:
    """Warm up at once."""


def answer(given: int) -> int:
    """Give back one more."""
    return given + 1


def pid_of(_given: object) -> int:
    """Tell which process works."""
    return os.getpid()


def fail(_given: object) -> None:
    """Raise."""
    raise ValueError("THE NAME READ FROM A DOCUMENT")


def sleep(seconds: float) -> float:
    """Take a while."""
    time.sleep(seconds)
    return seconds


def die(_given: object) -> None:
    """End the process at once, as a decoder that runs over its memory does."""
    os.kill(os.getpid(), 9)


def die_once(marker: str) -> str:
    """Die the first time, answer the second."""
    path = Path(marker)
    if not path.exists():
        path.touch()
        die(None)
    return "answered"
