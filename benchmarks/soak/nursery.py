"""One process that has loaded the product, and is copied for every start: loading takes 3 s of a core.

`python -m benchmarks.soak.nursery` reads a line of JSON for each child: what it becomes, the file of its log,
and its arguments; it answers with the child's number. Children share nothing but what was loaded: no
connection, no thread. They end with the nursery, and the nursery with whoever started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import django
from django.core.management import call_command

__all__ = ["Child", "Nursery"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_COMMANDS: Final = ("sequencer", "relay")
# By name, as they can be imported only when Django has the tables.
_PARTS: Final = {
    "door": "benchmarks.soak.door",
    "service": "benchmarks.soak.service",
    "writer": "benchmarks.soak.writer",
}
_END_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG, linux/prctl.h


class Child:
    """A process by a handle that never means another one, whatever becomes of its number."""

    def __init__(self, number: int) -> None:
        self._handle = os.pidfd_open(number)

    def kill(self) -> None:
        """Send kill -9, and wait for the end.

        Raises:
            ProcessLookupError: it had ended by itself.
        """
        try:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            select.select([self._handle], [], [])
        finally:
            os.close(self._handle)


class Nursery:
    """The nursery's process, from outside."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", __name__],
            cwd=_ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, kind: str, log: Path, arguments: Sequence[str]) -> Child:
        """Start a child.

        Raises:
            ProcessLookupError: it ended at once; its log says why.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the nursery is spoken to by its pipes")
        self._process.stdin.write(json.dumps([kind, str(log), *arguments]) + "\n")
        self._process.stdin.flush()
        return Child(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End it, and every child with it."""
        self._process.kill()
        self._process.communicate()


def _become(kind: str, arguments: Sequence[str]) -> None:
    """Be a part of the product, or of the soak, until killed."""
    if kind in _COMMANDS:
        call_command(kind)
    else:
        import_module(_PARTS[kind]).main(*arguments)


def _load() -> None:
    """Load what the children are made of; it costs them nothing then."""
    django.setup()
    for module in (*_PARTS.values(), *(f"config.management.commands.{name}" for name in _COMMANDS)):
        import_module(module)


def _child(kind: str, log: str, arguments: Sequence[str]) -> None:
    """Live as a child, and never come back."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _become(kind, arguments)
    except BaseException:  # noqa: BLE001 - a child's outermost frame; its log keeps the reason
        traceback.print_exc()
    finally:
        os._exit(1)


def main() -> None:
    """Start a child for every line, until killed."""
    _load()
    # Who ended is not waited for: its handle tells.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        kind, log, *arguments = json.loads(line)
        number = os.fork()
        if number == 0:
            _child(kind, log, arguments)
        print(number, flush=True)


if __name__ == "__main__":
    main()
