"""The supervisor: what dies is started again, and nothing outlives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.environment import ROOT
from config.ports import free_ports
from config.processes import Process
from config.supervisor import Supervisor

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)")


def until(true: Callable[[], bool], within_s: float = 10.0) -> bool:
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if true():
            return True
        time.sleep(0.02)
    return False


def pids(file: Path) -> dict[str, int]:
    return json.loads(file.read_text()) if file.exists() else {}


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@contextmanager
def supervised(tmp_path: Path, *commands: tuple[str, ...]) -> Iterator[tuple[Path, list[str]]]:
    said: list[str] = []
    file = tmp_path / "pids.json"
    listed = tuple(Process(f"p{n}", command) for n, command in enumerate(commands))
    supervisor = Supervisor(listed, dict(os.environ), said.append, file)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        assert until(lambda: len(pids(file)) == len(commands))
        yield file, said
    finally:
        supervisor.stop()
        thread.join(timeout=20)


def test_a_process_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, SLEEPER) as (file, said):
        first = pids(file)["p0"]
        os.kill(first, signal.SIGKILL)

        assert until(lambda: pids(file)["p0"] != first and lives(pids(file)["p0"]))
        assert "p0 ended with -9" in said[0]


def test_what_dies_at_once_is_started_ever_more_slowly(tmp_path: Path) -> None:
    with supervised(tmp_path, (sys.executable, "-c", "")) as (_file, said):
        assert until(lambda: len(said) >= 3)

    waits = [float(line.rsplit(" ", 2)[1]) for line in said[:3]]
    assert waits == sorted(waits)
    assert waits[0] < waits[2]


def test_what_cannot_be_started_ends_none_of_the_others(tmp_path: Path) -> None:
    said: list[str] = []
    commands = {"missing": ("/nowhere/program",), "sleeper": SLEEPER}
    listed = tuple(Process(name, command) for name, command in commands.items())
    supervisor = Supervisor(listed, dict(os.environ), said.append, tmp_path / "pids.json")
    thread = threading.Thread(target=supervisor.run)
    thread.start()

    assert until(lambda: len(said) >= 2 and "sleeper" in pids(tmp_path / "pids.json"))
    supervisor.stop()
    thread.join(timeout=20)

    assert said[0].startswith("missing cannot be started")


def test_process_ids_that_cannot_be_written_end_no_process(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(
        (Process("p0", SLEEPER),), dict(os.environ), said.append, tmp_path / "no" / "pids"
    )
    thread = threading.Thread(target=supervisor.run)
    thread.start()

    assert until(lambda: bool(said))
    assert thread.is_alive()
    supervisor.stop()
    thread.join(timeout=20)

    assert said[0].startswith("the process ids cannot be written")


def test_stopping_ends_every_process_and_forgets_their_ids(tmp_path: Path) -> None:
    with supervised(tmp_path, SLEEPER, SLEEPER) as (file, _said):
        running = list(pids(file).values())

    assert not any(lives(pid) for pid in running)
    assert not file.exists()


@pytest.mark.slow
def test_a_process_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    with supervised(tmp_path, STUBBORN) as (file, _said):
        time.sleep(0.5)
        (running,) = pids(file).values()

    assert not lives(running)


def test_the_process_ids_are_for_their_owner_only(tmp_path: Path) -> None:
    with supervised(tmp_path, SLEEPER) as (file, _said):
        assert file.stat().st_mode & 0o077 == 0


def test_processes_end_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from config.processes import Process; from config.supervisor import Supervisor\n"
        f"Supervisor((Process('p0', {SLEEPER!r}),), dict(os.environ), print, Path(sys.argv[1])).run()"
    )
    file = tmp_path / "pids.json"
    supervisor = subprocess.Popen([sys.executable, "-c", code, str(file)], cwd=ROOT)
    assert until(lambda: bool(pids(file)))
    (running,) = pids(file).values()

    supervisor.kill()
    supervisor.wait()

    assert until(lambda: not lives(running))


def test_ports_that_are_found_together_are_different_and_free() -> None:
    found = free_ports(200)

    assert len(set(found)) == 200
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", found[0]))
