"""One server process in a folder of its own: whoever started it, the same folder finds and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from config.ports import free_port

__all__ = ["Daemon", "NotStarted", "kept_port"]

_LOOK_EVERY_S: Final = 0.02


class NotStarted(RuntimeError):
    """A server ended or said nothing while it should have started; the message has its last lines."""


class Daemon:
    """A process, its number in `pid` and what it says in `server.log`, both in its folder.

    It ends with the thread that started it, unless `outlives` says that it stays.

    Args:
        folder: the process's own.
        marks: one of these is in the command line as long as it is this process: a number in a file may by
            now be somebody else's.
        outlives: it stays when who started it is gone.
        orphaned: what it is sent when who started it is gone.
    """

    def __init__(
        self,
        folder: Path,
        marks: Sequence[str],
        *,
        outlives: bool = False,
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._folder = folder
        self._marks = [mark.encode() for mark in marks]
        self._bound = [] if outlives else ["setpriv", "--pdeathsig", orphaned.name.removeprefix("SIG")]
        self._running: subprocess.Popen[bytes] | None = None
        self._offset = 0

    @property
    def log(self) -> Path:
        """Where it writes what it says."""
        return self._folder / "server.log"

    @property
    def said(self) -> bytes:
        """What it said since it was started."""
        return self.log.read_bytes()[self._offset :]

    @property
    def alive(self) -> bool:
        """Whether it runs, whoever started it."""
        if self._running is not None:
            return self._running.poll() is None
        return self._pid() is not None

    def start(
        self, command: Sequence[str | Path], *, under: Sequence[str] = (), cwd: Path | None = None
    ) -> None:
        """Start the process.

        Args:
            command: the program and its arguments.
            under: a command that becomes another account first; the kernel would forget the bond to who
                started it if that came after.
            cwd: where it works; default: where the caller does.
        """
        self.log.touch()
        self._offset = self.log.stat().st_size
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                [*under, *self._bound, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=cwd,
            )
        self._note.write_text(str(self._running.pid))

    def wait_for(self, ready: Callable[[], bool], within_s: float, name: str) -> None:
        """Wait until it is ready.

        Raises:
            NotStarted: it ended before, or the time is over.
        """
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            if ready():
                return
            if not self.alive:
                break
            time.sleep(_LOOK_EVERY_S)
        raise NotStarted(f"{name} did not start:\n{self.log.read_text(errors='replace')[-3000:]}")

    def stop(self, number: signal.Signals, within_s: float) -> None:
        """End it by a signal, and by SIGKILL when the time is over."""
        self.signal(number)
        end_s = time.monotonic() + within_s
        while self.alive and time.monotonic() < end_s:
            time.sleep(_LOOK_EVERY_S)
        self.kill()

    def kill(self) -> None:
        """Take it away at once (SIGKILL); its disk stays."""
        self.signal(signal.SIGKILL)
        if self._running is not None:
            self._running.wait()
            self._running = None
        self._note.unlink(missing_ok=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self._running is not None:
            self._running.send_signal(number)
        elif (pid := self._pid()) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @property
    def _note(self) -> Path:
        return self._folder / "pid"

    def _pid(self) -> int | None:
        try:
            pid = int(self._note.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if any(mark in command for mark in self._marks) else None


def kept_port(folder: Path) -> int:
    """Read a folder's port, or choose one: a folder keeps it for good."""
    path = folder / "port"
    if not path.exists():
        path.write_text(str(free_port()))
    return int(path.read_text())
