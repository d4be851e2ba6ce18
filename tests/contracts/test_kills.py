"""A service that is killed at any moment, again and again, has counted and said everything exactly once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.journal import after, record
from tests.contracts.door import Door, serve
from tests.events.makers import submitted

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]
_KILLS = 6
_EVENTS = 400


@contextmanager
def _running(door: Door, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.contracts.follower", door.url, door.key, str(file)]
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _said() -> Counter[str]:
    events = [
        e for start in range(0, 2000, 500) for e in after(start, limit=500, streams=["decisions.decision"])
    ]
    unique = {e.envelope.id: e.envelope for e in events}
    return Counter(f"{e.type.rsplit('.', 1)[-1]} {e.subject}" for e in unique.values())


def _write(start: int, count: int) -> None:
    for n in range(start, start + count):
        record([submitted(f"case-{n}")], now=datetime.now(UTC))


def _wait_until(done: Callable[[], bool], within_s: float = 30) -> None:
    until_s = time.monotonic() + within_s
    while not done() and time.monotonic() < until_s:
        time.sleep(0.05)


def _counted(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        try:
            return dict(connection.execute("SELECT subject, times FROM counted").fetchall())
        except sqlite3.OperationalError:
            return {}


@pytest.mark.slow
def test_killed_again_and_again_it_loses_and_doubles_nothing(door: Door, tmp_path: Path) -> None:
    chance, file, reached = random.Random(7), tmp_path / "victim.sqlite3", [0]
    _write(0, _EVENTS)
    while len(reached) <= _KILLS and reached[-1] < _EVENTS:
        with _running(door, file):
            _wait_until(lambda: len(_counted(file)) > reached[-1])
            time.sleep(chance.random() * 0.1)
        reached.append(len(_counted(file)))

    with _running(door, file):
        _wait_until(lambda: _said().total() >= 2 * _EVENTS)

    assert 0 < reached[1] < _EVENTS
    assert _counted(file) == {f"case-{n}": 1 for n in range(_EVENTS)}
    kinds = ("DecisionReached", "DecisionExpired")
    assert _said() == {f"{kind} case-{n}": 1 for kind in kinds for n in range(_EVENTS)}


def test_a_door_that_closes_and_opens_again_is_found_again(journal: None, tmp_path: Path) -> None:
    file = tmp_path / "victim.sqlite3"
    with serve() as door:
        port = int(door.url.rsplit(":", 1)[-1])
    _write(0, 5)

    with _running(door, file):
        time.sleep(0.6)
        with serve(port, key=door.key):
            _wait_until(lambda: _said().total() >= 10)

    assert _said().total() == 10
