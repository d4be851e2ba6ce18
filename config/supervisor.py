"""Starts the product, starts again what dies, and takes all with it when it ends: `make serve`."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.environment import ROOT, Environment, environment
from config.ports import free_ports
from config.processes import Process, listed

__all__ = ["Supervisor", "die_with_parent", "main", "write_privately"]

_STOP_S = 8.0
_LOOK_EVERY_S = 0.1
# What dies at once is started again ever more slowly, so that a broken build does not eat the machine.
_FIRST_WAIT_S, _LONGEST_WAIT_S, _HEALTHY_AFTER_S = 0.2, 10.0, 30.0
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class _Kept:
    process: Process
    running: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    start_at_s: float = 0.0
    wait_s: float = _FIRST_WAIT_S
    starts: int = 0


@dataclass(slots=True)
class Supervisor:
    """Keeps a list of processes running until it is told to stop.

    `say` prints one line of news. `pid_file` holds the process ids by name.
    """

    processes: tuple[Process, ...]
    environment: dict[str, str]
    say: Callable[[str], None]
    pid_file: Path
    _stopping: bool = False
    _kept: list[_Kept] = field(default_factory=list)

    def run(self) -> None:
        """Start everything, keep it running, and return when told to stop and all has ended."""
        self._kept = [_Kept(process) for process in self.processes]
        while not self._stopping:
            for kept in self._kept:
                self._look_after(kept)
            time.sleep(_LOOK_EVERY_S)
        self._end_all()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ask `run` to end everything and return."""
        self._stopping = True

    def _look_after(self, kept: _Kept) -> None:
        now_s = time.monotonic()
        if kept.running is None:
            if now_s >= kept.start_at_s:
                self._try_to_start(kept, now_s)
            return
        code = kept.running.poll()
        if code is None:
            return
        if now_s - kept.started_at_s > _HEALTHY_AFTER_S:
            kept.wait_s = _FIRST_WAIT_S
        kept.running = None
        self._put_off(kept, now_s, f"ended with {code}")

    def _put_off(self, kept: _Kept, now_s: float, why: str) -> None:
        self.say(f"{kept.process.name} {why}; starting it again in {kept.wait_s:.1f} s")
        kept.start_at_s = now_s + kept.wait_s
        kept.wait_s = min(kept.wait_s * 2, _LONGEST_WAIT_S)

    def _try_to_start(self, kept: _Kept, now_s: float) -> None:
        """Start a process; a machine that has no memory or disk for it now must not end all the others."""
        try:
            self._start(kept, now_s)
        except OSError as error:
            self._put_off(kept, now_s, f"cannot be started: {error}")
            return
        try:
            self._note_ids()
        except OSError as error:
            self.say(f"the process ids cannot be written: {error}")

    def _start(self, kept: _Kept, now_s: float) -> None:
        kept.running = subprocess.Popen(
            kept.process.command,
            cwd=ROOT,
            env=self._environment_of(kept.process),
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs in the supervisor
        )
        kept.started_at_s, kept.starts = now_s, kept.starts + 1

    def _note_ids(self) -> None:
        pids = {k.process.name: k.running.pid for k in self._kept if k.running is not None}
        write_privately(self.pid_file, json.dumps(pids))

    def _environment_of(self, process: Process) -> dict[str, str]:
        shown = {name: value for name, value in self.environment.items() if name not in process.hidden}
        return shown | process.environment

    def _end_all(self) -> None:
        """Ask every process to end, last started first, and end by force what does not."""
        running = [kept.running for kept in reversed(self._kept) if kept.running is not None]
        for child in running:
            child.terminate()
        until_s = time.monotonic() + _STOP_S
        for child in running:
            try:
                child.wait(timeout=max(0.1, until_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.pid_file.unlink(missing_ok=True)


def die_with_parent() -> None:
    """Let the kernel end this child when its parent is gone, even by kill -9; the parent hears Ctrl-C."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _refuse_if_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"port {port} on 127.0.0.1 is taken; choose another: PORT={port + 1}")


def write_privately(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only."""
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def _prepare(settings: Environment, door_port: int) -> None:
    """Make the tables, and write where the door is and by which key each service may use it."""
    subprocess.run(
        [sys.executable, "manage.py", "prepare", "--door-port", str(door_port)], cwd=ROOT, check=True
    )


def main() -> None:
    """Run the product until Ctrl-C or SIGTERM."""
    settings = environment()
    _refuse_if_taken(settings.port)
    door_port, register_port = free_ports(2)
    register_url = settings.register_url or f"http://127.0.0.1:{register_port}"
    _prepare(settings, door_port)
    supervisor = Supervisor(
        processes=listed(settings, register_port=register_port),
        environment={
            **os.environ,
            "VOUCH_DATA": str(settings.data),
            "VOUCH_DOOR_PORT": str(door_port),
            "VOUCH_REGISTER_URL": register_url,
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "OMP_THREAD_LIMIT": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        say=lambda line: print(f"supervisor: {line}", file=sys.stderr, flush=True),
        pid_file=settings.data / "processes.json",
    )
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, supervisor.stop)
    print(f"vouch serves on {settings.url} (state in {settings.data}); Ctrl-C stops it", flush=True)
    supervisor.run()


if __name__ == "__main__":
    main()
