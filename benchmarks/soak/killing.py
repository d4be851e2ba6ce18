"""Who is killed, and in the middle of what: a seeded deck of moments, each made to last until the kill comes.

A moment that lasts microseconds is met by holding still what the victim has to touch next: the gate before
the relay's checkpoint, the table of the service's own rows, the file that it writes to. What it did before
stays done, what it was about to do does not happen, and the victim's code knows nothing of it.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.soak.house import House, until
from benchmarks.soak.messages import WRITERS

__all__ = ["DECK", "Killer"]

_AT_CHECKPOINT: Final = "relay between Kafka's commit and its checkpoint"
_IN_WORK: Final = "service in mid-work"
_BEFORE_COMMIT: Final = "service after its work, before its commit"
_CUT: Final = "relay while a broker is silent"
DECK: Final = (
    *("writer", "writer", "sequencer", "sequencer", "relay", _AT_CHECKPOINT, _CUT),
    *("service", _IN_WORK, _BEFORE_COMMIT, "door", "broker"),
)
_READY_S: Final = 30.0
_MOMENT_S: Final = 3.0
_LONGEST_WAIT_S: Final = 0.3
# Longer than a service waits for Kafka before it reads from the journal door: 5 s.
_ALL_AWAY_S: Final = 7.0
_SHUT_GATE: Final = "SELECT pg_advisory_xact_lock(22)"
_WAITS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE %s
"""
_LOCK_SEEN: Final = "LOCK TABLE soak_seen IN EXCLUSIVE MODE"
_ASKED: Final = "SELECT count(*) FROM subscriber_effect WHERE state = 'asked' AND asked_us > %s"


class Killer:
    """Kills by a deck that the seed shuffles; `kills` counts them by moment, `missed` the moments not met."""

    def __init__(self, house: House, seed: int, say: Callable[[str], None]) -> None:
        self.kills: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.silences = 0
        self._house = house
        self._chance = random.Random(seed)
        self._say = say

    def run(self, kills: int) -> None:
        """Kill so many times; the writers say their share of all messages in between."""
        moments = self._moments()
        while (done := self.kills.total()) < kills:
            moment = next(moments)
            began_s = time.monotonic()
            # A half of a round's messages shows that the victim is at work, the other is what it dies over.
            self._house.allow((done + 0.5) / (kills + 1))
            self._meet(moment, share_01=(done + 1) / (kills + 1))
            self._say(f"{self.kills.total():3}/{kills} {moment} ({time.monotonic() - began_s:.1f} s)")

    def _moments(self) -> Iterator[str]:
        while True:
            yield from self._chance.sample(DECK, len(DECK))

    def _meet(self, moment: str, *, share_01: float) -> None:
        victim = self._chance.choice(WRITERS) if moment == "writer" else moment.partition(" ")[0]
        if victim == "broker":
            self._house.allow(share_01)
            self._kill_brokers()
            return
        if not until(lambda: self._house.ready(victim), _READY_S):
            self.missed[f"{victim} not ready"] += 1
        with self._moment(moment, share_01):
            self._house.kill(victim)
            self.kills[moment] += 1
        self._house.start(victim)

    @contextmanager
    def _moment(self, moment: str, share_01: float) -> Iterator[None]:
        """Come to a moment and make it last until the block ends."""
        match moment:
            case "writer" | "sequencer" | "relay" | "service" | "door":
                self._house.allow(share_01)
                time.sleep(self._chance.random() * _LONGEST_WAIT_S)
                yield
            case _:
                with self._held(moment):
                    self._house.allow(share_01)
                    self._await(moment)
                    yield

    @contextmanager
    def _held(self, moment: str) -> Iterator[None]:
        house = self._house
        if moment == _AT_CHECKPOINT:
            with house.held("main", _SHUT_GATE):
                yield
        elif moment == _BEFORE_COMMIT:
            with house.held("service", _LOCK_SEEN):
                yield
        elif moment == _IN_WORK:
            with house.lines.open("ab") as lines:
                fcntl.flock(lines, fcntl.LOCK_EX)
                yield
        else:
            with self._silent(self._chance.choice(house.kafka.nodes)):
                yield

    def _await(self, moment: str) -> None:
        """Wait until the victim stands before what is held."""
        since_us, house = time.time_ns() // 1000, self._house
        stands: dict[str, Callable[[], bool]] = {
            _AT_CHECKPOINT: lambda: bool(house.ask("main", _WAITS, 'UPDATE "events_relaystate"%')),
            _BEFORE_COMMIT: lambda: bool(house.ask("service", _WAITS, "INSERT INTO soak_seen%")),
            _IN_WORK: lambda: bool(house.ask("service", _ASKED, since_us)),
        }
        if moment not in stands:
            time.sleep(self._chance.random() * _LONGEST_WAIT_S)
        elif not until(stands[moment], _MOMENT_S):
            self.missed[moment] += 1

    @contextmanager
    def _silent(self, node: int) -> Iterator[None]:
        """Have a broker take the line and answer nothing: what is sent is cut before a broker has it."""
        self._house.kafka.pause(node)
        self.silences += 1
        try:
            yield
        finally:
            self._house.kafka.resume(node)

    def _kill_brokers(self) -> None:
        """Kill one broker, or two, so that the quorum is gone; what was confirmed is on disks that stay.

        While two are dead the third is silent: nobody answers, and the service has to leave Kafka.
        """
        nodes = self._chance.sample(list(self._house.kafka.nodes), len(self._house.kafka.nodes))
        dead, alive = (nodes[:2], nodes[2]) if self.kills["broker"] % 4 == 1 else (nodes[:1], 0)
        for node in dead:
            self._house.kafka.kill(node)
            self.kills["broker"] += 1
        if alive:
            with self._silent(alive):
                time.sleep(_ALL_AWAY_S)
        self._house.kafka.revive(*dead)
