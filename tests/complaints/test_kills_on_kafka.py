"""Killed at random moments, carrier and service lose nothing and double no effect; the wire does double."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from protocol.catalogue import stream_named
from protocol.cloudevents import from_headers
from tests.complaints.house import STREAM
from tests.servers.kafka import Cluster
from tests.subscriber.wire import make_topics

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_EVENTS = 3_000
_KILLS = 12


class House:
    """The processes, and what they leave behind."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self._journal, self._store = folder / "journal.sqlite3", folder / "store.sqlite3"
        self._cluster = cluster
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, what: str) -> None:
        """Start a process, or start it again."""
        more = {"write": [str(_EVENTS)], "carry": [], "serve": [str(self._store)]}[what]
        command = [sys.executable, "-m", "tests.complaints.house", what, str(self._journal), *more]
        environment = {**os.environ, **self._cluster.server.environment()}
        self._running[what] = subprocess.Popen(command, env=environment)

    def kill(self, what: str) -> None:
        """Send kill -9."""
        self._running[what].kill()
        self._running[what].wait()

    def end(self) -> None:
        """Kill all that runs."""
        for what in self._running:
            self.kill(what)

    def effects(self) -> list[tuple[str, int]]:
        """What the service did, in its order."""
        with closing(sqlite3.connect(self._store)) as rows:
            try:
                return rows.execute("SELECT subject, position FROM effect ORDER BY number").fetchall()
            except sqlite3.OperationalError:
                return []

    def said(self) -> int:
        """How many different events the service said."""
        with closing(sqlite3.connect(self._store)) as rows:
            return int(rows.execute("SELECT count(*) FROM said").fetchone()[0])

    def on_the_wire(self) -> Counter[int]:
        """How often each event lies on Kafka, committed."""
        topic = stream_named(STREAM).topic
        messages = self._cluster.read([topic])
        headers = [[(n, bytes(v or b"")) for n, v in m.headers() or []] for m in messages]  # type: ignore[str-unpack,arg-type]  # pairs when read
        return Counter(from_headers(h, b"", topic=topic).position for h in headers)


@pytest.fixture
def house(tmp_path: Path, empty_kafka: Cluster) -> Iterator[House]:
    make_topics(empty_kafka, [STREAM])
    house = House(tmp_path, empty_kafka)
    yield house
    house.end()


def _wait(holds: Callable[[], bool], within_s: float = 60) -> None:
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s, "it does not come about"
        time.sleep(0.02)


def test_killed_carrier_and_killed_service_lose_nothing_and_double_no_effect(house: House) -> None:
    chance = random.Random(11)
    for what in ("write", "carry", "serve"):
        house.start(what)
    for kill in range(_KILLS):
        before = len(house.effects())
        _wait(lambda before=before: len(house.effects()) > before)  # type: ignore[misc]  # the round's own
        time.sleep(chance.random() * 0.3)
        what = ("carry", "serve")[kill % 2]
        house.kill(what)
        house.start(what)

    _wait(lambda: len(house.effects()) >= _EVENTS)
    _wait(lambda: len(house.on_the_wire()) == _EVENTS)

    effects = house.effects()
    assert Counter(position for _, position in effects) == Counter(range(1, _EVENTS + 1))
    assert house.said() == _EVENTS
    assert _in_order(effects)
    # The test had teeth: the carrier did double.
    assert house.on_the_wire().total() > _EVENTS


def _in_order(effects: list[tuple[str, int]]) -> bool:
    last: dict[str, int] = {}
    for subject, position in effects:
        if position <= last.get(subject, 0):
            return False
        last[subject] = position
    return True
