"""The backbone's figures: `python -m benchmarks.backbone [--quick] [--only PART …]`.

One JSON line a claim. Every part is measured on SQLite and on PostgreSQL where both have it, ours and the
other packages in the same run; the machine's load is printed beside, on standard error.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.backbone.acknowledging import rates
from benchmarks.backbone.case_hops import case_hops
from benchmarks.backbone.parts import Ground
from benchmarks.claims import Claim, percentile, percentile_interval, say
from deploy.servers.postgres import PostgresServer

__all__ = ["main"]

_BOTH = ("sqlite", "postgresql")
_OUTBOXES = {"django-outbox-pattern": "outbox_pattern", "django-jaiminho": "jaiminho_outbox"}
_READ_AT_LEAST = {"sqlite": 500_000.0, "postgresql": 300_000.0}
_HOP_AT_MOST_MS = {"sqlite": 10.0, "postgresql": 25.0}
_SERVICE_AT_MOST_MS = 50.0
_CASE_AT_MOST_MS = 200.0
_WRITE_AT_MOST, _SEALED_AT_MOST, _RELAY_AT_LEAST, _OUTBOX_TIMES = 1.7, 2.0, 0.65, 15.0
_PROJECTED_AT_LEAST = 80_000.0
# The first pass over new rows is the slowest: PostgreSQL notes on each that its transaction committed.
_PASSES = 5


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How much of each: paired rounds, events read and relayed, hops, a relay's rounds, cases."""

    rounds: int
    events: int
    hops: int
    relays: int
    peers: int
    cases: int


_WHOLE, _QUICK = _Sizes(25, 200_000, 300, 5, 2_000, 30), _Sizes(7, 20_000, 60, 2, 300, 6)


def _write(ground: Ground, sizes: _Sizes) -> None:
    for database in _BOTH:
        against = {name: _peer_write(ground, peer, database, sizes) for name, peer in _OUTBOXES.items()}
        with ground.under(database) as environment:
            found = ground.ours("writing", environment, rounds=sizes.rounds)
        for kind, most in (("plain", _WRITE_AT_MOST), ("sealed", _SEALED_AT_MOST)):
            name = "write + event" if kind == "plain" else "write + event with a sealed field"
            said = f"{name} / the write alone, {database}"
            _ratio(said, found[kind], most=most, n=sizes.rounds, against=against)


def _peer_write(ground: Ground, peer: str, database: str, sizes: _Sizes) -> float:
    with ground.under(database) as environment:
        address = _address(environment)
        return float(ground.theirs(peer, "emit", environment, database=address, n=sizes.rounds)["ratio"])


def _address(environment: Mapping[str, str]) -> str:
    return environment.get("VOUCH_DATABASE_URL", f"sqlite:///{environment['VOUCH_DATA']}/peer.sqlite3")


def _read(ground: Ground, sizes: _Sizes) -> None:
    for database in _BOTH:
        with ground.under(database) as environment:
            address, n = _address(environment), min(sizes.events, 40_000)
            peer = ground.theirs("eventsourcing_log", "replay", environment, database=address, n=n)
        with ground.under(database) as environment:
            found = ground.ours("reading", environment, n=sizes.events, rounds=_PASSES)
        against = {"eventsourcing": round(float(peer["rate"]))}
        said = f"replay: journal read and decoded, {database}"
        _rates(said, found["read"], _READ_AT_LEAST[database], against)
        _rates(f"replay: into a projection, {database}", found["projected"], _PROJECTED_AT_LEAST, {})


def _hop(ground: Ground, sizes: _Sizes) -> None:
    for database in _BOTH:
        with ground.under(database) as environment:
            found = ground.ours("hopping", environment, n=sizes.hops)
        _latency(f"one hop, commit to handler, p95, {database}", found["ms"], 0.95, _HOP_AT_MOST_MS[database])


def _relay(ground: Ground, sizes: _Sizes) -> None:
    for database in _BOTH:
        with ground.under(database, kafka=True) as environment:
            found = ground.ours("relaying", environment, n=sizes.events, rounds=sizes.relays)
        _ratio(
            f"relay / raw producer, {database}",
            found,
            least=_RELAY_AT_LEAST,
            n=sizes.relays,
            against={"relay/s": round(found["rate"]), "raw/s": round(found["raw"])},
        )
        against = {name: _peer_relay(ground, peer, database, sizes) for name, peer in _OUTBOXES.items()}
        times = found["rate"] / max(against.values())
        said = f"relay / best outbox package in its safe mode, {database}"
        _say(said, times, "x", _OUTBOX_TIMES, met=times >= _OUTBOX_TIMES, n=sizes.relays, against=against)


def _peer_relay(ground: Ground, peer: str, database: str, sizes: _Sizes) -> float:
    with ground.under(database, kafka=True) as environment:
        asked = {"database": _address(environment), "kafka": environment["VOUCH_KAFKA"], "topic": "peer"}
        rates(environment["VOUCH_KAFKA"], 100)
        asked["topic"] = "benchmark.acks"
        return round(float(ground.theirs(peer, "relay", environment, n=sizes.peers, **asked)["rate"]))


def _follow(ground: Ground, sizes: _Sizes) -> None:
    for database in _BOTH:
        with ground.under(database, kafka=True) as environment:
            found = ground.ours("following", environment, n=sizes.events, hops=sizes.hops)
            peers = {"topic": "verification.result.v1", "kafka": environment["VOUCH_KAFKA"]}
            few = min(sizes.events, 20_000)
            against = {
                "sentry-arroyo": ground.theirs("arroyo_consumer", "consume", environment, n=few, **peers),
                "faststream": ground.theirs(
                    "faststream_consumer", "consume", environment, n=few // 4, **peers
                ),
            }
        said = f"commit to a service through Kafka, p99, {database}"
        _latency(said, found["ms"], 0.99, _SERVICE_AT_MOST_MS)
        rated = {name: round(float(peer["rate"])) for name, peer in against.items()}
        _rate(f"a service takes in from Kafka, into rows, {database}", found["rate"], 0.0, rated)


def _case(_: Ground, sizes: _Sizes) -> None:
    found = case_hops(sizes.cases)
    links = max(one.links for one in found)
    said = f"all hops of a case, from its last upload to its decision ({links} at most), p95, sqlite"
    _latency(said, [one.ms for one in found], 0.95, _CASE_AT_MOST_MS)


def _acks(ground: Ground, sizes: _Sizes) -> None:
    with ground.under("sqlite", kafka=True) as environment:
        found = rates(environment["VOUCH_KAFKA"], sizes.events)
    for way, rate in found.items():
        _rate(f"Kafka takes messages of 500 bytes, {way}", rate, 0.0, {})


_PARTS: dict[str, Callable[[Ground, _Sizes], None]] = {
    "write": _write,
    "read": _read,
    "hop": _hop,
    "relay": _relay,
    "follow": _follow,
    "case": _case,
    "acks": _acks,
}


def _ratio(  # noqa: PLR0913 - a claim has so many parts
    said: str,
    found: Mapping[str, float],
    *,
    most: float = 0.0,
    least: float = 0.0,
    n: int,
    against: Mapping[str, float],
) -> None:
    met = found["ratio"] <= most if most else found["ratio"] >= least
    between = (found["low"], found["high"])
    _say(said, found["ratio"], "x", most or least, met=met, n=n, between=between, against=against)


def _rates(said: str, values: Sequence[float], least: float, against: Mapping[str, float]) -> None:
    """Say the median of some passes, with the slowest and the fastest beside it."""
    value, between = statistics.median(values), (min(values), max(values))
    met = value >= least
    _say(said, value, "1/s", least, met=met, n=len(values), between=between, against=against)


def _rate(said: str, value: float, least: float, against: Mapping[str, float]) -> None:
    _rates(said, [value], least, against)


def _latency(said: str, values: Sequence[float], share_01: float, most_ms: float) -> None:
    value, between = percentile(values, share_01), percentile_interval(values, share_01)
    against = {"median": round(percentile(values, 0.5), 2), "max": round(max(values), 2)}
    _say(said, value, "ms", most_ms, met=value <= most_ms, n=len(values), between=between, against=against)


def _say(  # noqa: PLR0913 - a claim has so many parts
    said: str,
    value: float,
    unit: str,
    target: float,
    *,
    met: bool,
    n: int,
    against: Mapping[str, float],
    between: tuple[float, float] | None = None,
) -> None:
    low, high = between or (value, value)
    rounded = [round(number, 2) for number in (value, low, high)]
    print(f"load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    say(
        Claim(
            claim=said,
            value=rounded[0],
            unit=unit,
            target=target,
            met=met,
            n=n,
            low=rounded[1],
            high=rounded[2],
            against={name: round(number, 2) for name, number in against.items()},
        )
    )


def main() -> None:
    """Measure the parts asked for and print a line a claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute or two: fewer events and rounds")
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=list(_PARTS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vouch-pg-") as folder, PostgresServer(Path(folder)) as postgres:
        ground = Ground(postgres)
        for name in asked.only:
            print(f"benchmark: {name}", file=sys.stderr, flush=True)
            _PARTS[name](ground, _QUICK if asked.quick else _WHOLE)


if __name__ == "__main__":
    main()
