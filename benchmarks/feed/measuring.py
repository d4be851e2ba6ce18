"""The parts of the benchmark, on one database: each runs ours and the peers in turns and says its claims."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from benchmarks.feed.counting import Counts
from benchmarks.feed.processes import Server
from benchmarks.feed.runs import CaughtUp, House, Live, catch_up, follow, over_partitions
from benchmarks.feed.saying import say_latency, say_median, say_none

__all__ = ["PARTS", "QUICK", "WHOLE", "Course", "Sizes"]

PARTS: Final = ("own", "fan-out", "partitions", "catch-up")
_OWN_AT_MOST_MS, _FAN_OUT_AT_MOST_MS, _PARTITION_AT_MOST_MS = 10.0, 50.0, 50.0
_CPU_AT_MOST, _KB_AT_MOST, _CAUGHT_UP_AT_LEAST = 1.5, 32.0, 60_000.0
_OWN_PER_S, _FAN_OUT_PER_S, _FAST_PER_S = 100.0, 4.0, 1_000.0
_FORMS: Final = {"json": "WebSocket, JSON", "proto": "WebSocket, Protocol Buffers", "ndjson": "HTTP lines"}
_OURS, _BARE = "ours", "websockets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much: connections, rounds of a run, its seconds, and for catching up sockets and records."""

    connections: int
    rounds: int
    seconds: float
    sockets: int
    records: int


WHOLE: Final = Sizes(connections=1_000, rounds=3, seconds=10, sockets=20, records=10_000)
QUICK: Final = Sizes(connections=1_000, rounds=1, seconds=4, sockets=20, records=2_500)


class Course:
    """Runs the parts on one database; what went wrong in any run is counted and said at the end."""

    def __init__(
        self, database: str, house: House, servers: Mapping[str, Callable[[], Server]], sizes: Sizes
    ) -> None:
        self._database = database
        self._house = house
        self._servers = servers
        self._sizes = sizes
        self._wrong = dict.fromkeys(servers, Counts())

    def run(self, part: str) -> None:
        """Run one of `PARTS`."""
        parts = {
            "own": self._own,
            "fan-out": self._fan_out,
            "partitions": self._partitions,
            "catch-up": self._catch_up,
        }
        parts[part]()

    def say_wrong(self) -> None:
        """Say what the clients counted in all runs: records lost or doubled, holes, broken streams."""
        ours = self._wrong[_OURS]
        for name in ("lost", "doubled", "gaps", "ended"):
            said = {"ended": "streams that ended by themselves", "gaps": "holes seen"}.get(
                name, f"records {name}"
            )
            against = {peer: getattr(counts, name) for peer, counts in self._wrong.items() if peer != _OURS}
            say_none(f"{said}, all runs, {self._database}", getattr(ours, name), ours.wanted, against)

    def _own(self) -> None:
        found = self._rounds(list(range(self._sizes.connections)), _OWN_PER_S)
        said = f"{self._sizes.connections} clients, each its own feed, 100 commits/s"
        self._latency(said, found, _OWN_AT_MOST_MS)

    def _fan_out(self) -> None:
        found = self._rounds([0] * self._sizes.connections, _FAN_OUT_PER_S)
        said = f"{self._sizes.connections} clients of one feed, 4 commits/s"
        self._latency(said, found, _FAN_OUT_AT_MOST_MS)
        used = {name: [run.us_a_delivery for run in runs] for name, runs in found.items()}
        times = [mine / bare for mine, bare in zip(used[_OURS], used[_BARE], strict=True)]
        against = {f"{name}, us": statistics.median(values) for name, values in used.items()}
        name = f"{said}: processor time a delivery / bare websockets, {self._database}"
        say_median(name, times, "x", most=_CPU_AT_MOST, against=against)
        held = {name: [run.kb_a_connection for run in runs] for name, runs in found.items()}
        against = {name: statistics.median(values) for name, values in held.items() if name != _OURS}
        name = f"{said}: memory a connection, {self._database}"
        say_median(name, held[_OURS], "KB", most=_KB_AT_MOST, against=against)

    def _rounds(self, places: Sequence[int], per_s: float) -> dict[str, list[Live]]:
        """Run everybody in turns."""
        found: dict[str, list[Live]] = {name: [] for name in self._servers}
        for _ in range(self._sizes.rounds):
            for name, start in self._servers.items():
                with start() as server:
                    run = follow(self._house, server, places, per_s=per_s, seconds=self._sizes.seconds)
                found[name].append(run)
                self._wrong[name] += run.counts
        return found

    def _partitions(self) -> None:
        for of in (1, 4, 8):
            with self._servers[_OURS]() as server:
                run = over_partitions(self._house, server, of, per_s=_FAST_PER_S, seconds=self._sizes.seconds)
            self._wrong[_OURS] += run.counts
            said = f"1,000 records/s to one client over {of} of {of} partitions, rows in the writer's batches"
            self._latency(said, {_OURS: [run]}, _PARTITION_AT_MOST_MS)

    def _catch_up(self) -> None:
        head = self._house.scribe.do("fill", place=1, records=self._sizes.records)
        for form, told in _FORMS.items():
            rates = [self._caught_up(form, head).per_s for _ in range(self._sizes.rounds)]
            said = (
                f"catching up from record 1, {self._sizes.sockets} x {head} records, {told}, {self._database}"
            )
            say_median(said, rates, "1/s", least=_CAUGHT_UP_AT_LEAST, against={})

    def _caught_up(self, form: str, head: int) -> CaughtUp:
        with self._servers[_OURS]() as server:
            run = catch_up(self._house, server, 1, sockets=self._sizes.sockets, head=head, form=form)
        self._wrong[_OURS] += run.counts
        return run

    def _latency(self, said: str, found: Mapping[str, Sequence[Live]], most_ms: float) -> None:
        delays = {name: [*chain.from_iterable(run.delays_ms for run in runs)] for name, runs in found.items()}
        rates = {"commits/s": statistics.median(run.per_s for run in found[_OURS])}
        said = f"{said}: commit to client, p99, {self._database}"
        peers = {name: values for name, values in delays.items() if name != _OURS}
        say_latency(said, delays[_OURS], most_ms, peers, rates)
