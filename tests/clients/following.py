"""Running a client's command line, and what it printed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.languages import Client

__all__ = ["Done", "Run", "cursors_once", "numbers", "start", "waited_for"]

# A thousand cuts on a machine that others keep busy.
_DONE_WITHIN_S = 150.0


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: its exit code, the lines it printed, what it said on standard error."""

    code: int
    lines: list[str]
    said: str

    @property
    def metrics(self) -> dict[str, Any]:
        """Its metrics, of the line that `--metrics` has it write at the end."""
        found: dict[str, Any] = json.loads(next(x for x in self.said.splitlines() if x.startswith("{")))
        return found


class Run:
    """A command that runs; its output goes to files, so that a kill -9 takes nothing of it away."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def done(self, within_s: float = _DONE_WITHIN_S) -> Done:
        """Wait until it has ended by itself."""
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {within_s} s; it said: {self.said()}") from None
        return Done(code, self.lines(), self.said())

    def lines(self) -> list[str]:
        """Give the whole lines that it has printed so far."""
        return (self._folder / "out").read_text(encoding="utf-8").split("\n")[:-1]

    def said(self) -> str:
        """Give what it has written on standard error so far."""
        return (self._folder / "err").read_text(encoding="utf-8")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Done:
        """Ask it to end."""
        self._process.send_signal(number)
        return self.done(10)


def start(client: Client, folder: Path, arguments: Sequence[str], *, key: str = "", **more: str) -> Run:
    """Start a client's command with its key in the environment; output goes to a new folder below `folder`.

    `more` are further variables of its environment.
    """
    own = folder / f"run-{len(list(folder.glob('run-*')))}"
    own.mkdir()
    environment = {**os.environ, **client.environment, "VOUCH_KEY": key, **more}
    with (own / "out").open("wb") as out, (own / "err").open("wb") as err:
        process = subprocess.Popen(
            [*client.command, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
    return Run(process, own)


def numbers(lines: Sequence[str]) -> list[int]:
    """Give the numbers of the records printed."""
    return [json.loads(line)["number"] for line in lines]


def cursors_once(lines: Sequence[str]) -> list[str]:
    """Give the cursors printed, each where it came first."""
    return list(dict.fromkeys(json.loads(line)["cursor"] for line in lines))


def waited_for(condition: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Wait until something is so; False: it never was."""
    until_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True
