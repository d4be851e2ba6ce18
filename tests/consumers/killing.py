"""A service as a process that can be killed at any moment, and events that go on coming meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["kept_coming", "running"]

_PAUSE_S = 0.05


@contextmanager
def running(name: str, folder: Path, **variables: str) -> Iterator[None]:
    """Run a service until the block ends; then it is killed as it stands."""
    environment = {**os.environ, "VOUCH_DATA": str(folder), **variables}
    process = subprocess.Popen([sys.executable, "-m", f"consumers.{name}", "run"], env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def kept_coming(write: Callable[[int], None]) -> Iterator[None]:
    """Have something written again and again while the block runs, told how often it was before."""
    stop = threading.Event()

    def go_on() -> None:
        times = 0
        while not stop.wait(_PAUSE_S):
            write(times)
            times += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
