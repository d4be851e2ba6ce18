"""The runs: records as they are committed, to many readers; a fast feed over partitions; catching up."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.feed.counting import Counts, Moments, counted, delays_ms
from benchmarks.feed.processes import Scribe, Server
from benchmarks.feed.readers import Readers, Wish

__all__ = ["CaughtUp", "House", "Live", "catch_up", "follow", "over_partitions"]

_QUIET_S, _LATE_S = 1.0, 10.0


@dataclass(frozen=True, slots=True)
class House:
    """Who writes, and the clients' keys by their places."""

    scribe: Scribe
    keys: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A live run: ms from commit to client, counts, the server's CPU and memory, commits a second."""

    delays_ms: list[float]
    counts: Counts
    us_a_delivery: float
    kb_a_connection: float
    per_s: float


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How many records a second all readers together had from their first record to the head."""

    per_s: float
    counts: Counts


def follow(house: House, server: Server, places: Sequence[int], *, per_s: float, seconds: float) -> Live:
    """Open a stream for each place, and commit records to those clients in turn; see `scribe.follow`."""
    wishes = [Wish(house.keys[place], server.path(place)) for place in places]
    with Readers(server, wishes[:1]) as first:
        first.end(0)
    before_kb = server.resident_kb()
    different, count = sorted({*places}), int(per_s * seconds)
    house.scribe.do("journal", places=different, count=count)
    with Readers(server, wishes) as readers, _file() as file:
        time.sleep(_QUIET_S)
        before_s = server.cpu_s()
        done = house.scribe.do("follow", per_s=per_s, moments=str(file), tell=server.tell)
        commits = Moments.of(file)
        committed = Counter(place for place, _, _ in commits.rows.tolist())
        wanted = sum(committed[place] for place in places)
        read = readers.end(wanted, within_s=_LATE_S)
        used_s, grown_kb = server.cpu_s() - before_s, server.resident_kb() - before_kb
    return Live(
        delays_ms=delays_ms(read, commits, lambda reader: places[reader]),
        counts=counted(read, wanted),
        us_a_delivery=used_s * 1e6 / max(1, len(read.arrivals.rows)),
        kb_a_connection=grown_kb / len(places),
        per_s=done["per_s"],
    )


def over_partitions(house: House, server: Server, of: int, *, per_s: float, seconds: float) -> Live:
    """Read one fast feed over so many connections, each its partition; its rows are written in batches."""
    wishes = [Wish(house.keys[0], f"{server.path(0)}?partition={at}/{of}") for at in range(of)]
    with Readers(server, wishes) as readers, _file() as file:
        time.sleep(_QUIET_S)
        before_s = server.cpu_s()
        done = house.scribe.do("rows", place=0, per_s=per_s, seconds=seconds, moments=str(file))
        commits = Moments.of(file)
        read = readers.end(len(commits.rows), within_s=_LATE_S)
        used_s = server.cpu_s() - before_s
    return Live(
        delays_ms=delays_ms(read, commits, lambda _: 0),
        counts=counted(read, len(commits.rows), shared=True),
        us_a_delivery=used_s * 1e6 / max(1, len(read.arrivals.rows)),
        kb_a_connection=0.0,
        per_s=done["per_s"],
    )


def catch_up(  # noqa: PLR0913 - what is read, by how many, in which form
    house: House, server: Server, place: int, *, sockets: int, head: int, form: str
) -> CaughtUp:
    """Read a feed from its first record to its head over so many connections at once."""
    wish = Wish(house.keys[place], f"{server.path(place)}?from=1", head)
    with Readers(server, [wish] * sockets, form=form) as readers:
        read = readers.end()
    took_s = (max(ns for _, _, ns in read.arrivals.rows.tolist()) - read.began_ns) / 1e9
    return CaughtUp(len(read.arrivals.rows) / took_s, counted(read, sockets * head))


@contextmanager
def _file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vouch-feed-commits-") as folder:
        yield Path(folder) / "commits"
