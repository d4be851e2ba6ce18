"""The feed's writers under a watch: the real one, an event at a time, and one that only writes its rows."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Max

from access.reach import slot_of_case
from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from protocol.records import Recorded
from streaming.models import FeedHead, FeedRecord
from streaming.reading.doorbell import Bell, RingingStore, doorbell
from streaming.wire.as_json import as_json
from streaming.wire.frames import Record
from streaming.writing.writer import feed_writer
from subscriber import Row, Runner, Store, Value
from subscriber.lineage import Lineage
from subscriber.source import Batch

__all__ = ["Moments", "PacedSource", "bare_writer", "paced_writer"]

_INSERT: Final = "INSERT INTO streaming_feedrecord"
_EVERY_S: Final = 0.01
_A_FILL: Final = 1_000


class Moments:
    """Notes when the COMMIT of each record had returned, and tells a peer's server of it.

    `places` are the clients' places by feed; `events` counts the commits' events.
    """

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.events = 0
        self._noted: list[bytes] = []
        self._peer: socket.socket | None = None

    def begin(self, tell: str) -> None:
        """Forget what was noted; from now on tell whoever listens at an address (empty: nobody)."""
        self._noted = []
        if tell:
            host, _, port = tell.rpartition(":")
            self._peer = socket.create_connection((host, int(port)), 5)

    def committed(self, rows: Sequence[tuple[str, int, bytes]]) -> None:
        """Note that rows (feed, number, body) were committed just now."""
        now_ns = time.time_ns()
        self._noted += [struct.pack("<qqq", self.places[feed], number, now_ns) for feed, number, _ in rows]
        if self._peer is not None:
            for feed, number, body in rows:
                frame = as_json(Record(number, number - 1, "00000000", body))
                self._peer.sendall(b"%d %b\n" % (self.places[feed], frame))

    def save(self, path: str) -> int:
        """Write the moments into a file, and tell nobody any more; gives how many."""
        if self._peer is not None:
            self._peer.close()
            self._peer = None
        Path(path).write_bytes(b"".join(self._noted))
        return len(self._noted)


class NotingStore:
    """The feed's database as the writer's store; notes each record when its transaction has ended."""

    def __init__(self, store: Store, moments: Moments) -> None:
        self._store = store
        self._moments = moments
        self._rows: list[tuple[str, int, bytes]] = []
        self._events: set[str] = set()

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction; see `Store`."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._rows, self._events = [], set()
        with self._store.transaction():
            yield
        self._moments.committed(self._rows)
        self._moments.events += len(self._events)

    def hold(self, tables: Sequence[str]) -> None:
        """Keep writers out; see `Store`."""
        self._store.hold(tables)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; see `Store`."""
        if sql.startswith(_INSERT):
            feed, number, body = params[0], params[1], params[7]
            if isinstance(feed, str) and isinstance(number, int) and isinstance(body, bytes):
                self._rows.append((feed, number, body))
            self._events.add(str(params[9]))
        return self._store.execute(sql, params)

    def close(self) -> None:
        """Let go of the database; see `Store`."""
        self._store.close()


class PacedSource:
    """The journal, of which the writer sees only as many events as it is `allowed` to."""

    def __init__(self) -> None:
        self._journal = SqlJournalSource(feed_writer().streams)
        self._through = 0
        self.allowed = 0

    def read(self, after: int, limit: int) -> Batch:
        """Give events after a position; see `Source`."""
        few = min(limit, self.allowed)
        batch = self._journal.read(after, max(1, few))
        if not few:
            return replace(batch, records=(), through=after)
        self.allowed -= len(batch.records)
        return batch

    def recall(self, position: int) -> Recorded | None:
        """Give the event at a position; see `Source`."""
        return self._journal.recall(position)

    def lineage(self) -> Lineage:
        """Tell where the journal's epochs begin; see `Source`."""
        return self._journal.lineage()

    def news(self) -> bool:
        """Tell whether another read may give more; see `Source`."""
        return self.allowed > 0

    def close(self) -> None:
        """Let go of connections."""
        self._journal.close()


def paced_writer(source: PacedSource, moments: Moments) -> Runner:
    """Give the real feed writer, which follows a paced source and is watched."""
    feed, layer = DjangoStore("feed"), doorbell()
    store = feed if layer is None else RingingStore(feed, Bell(layer).ring)
    return Runner([feed_writer()], source, NotingStore(store, moments), JournalEmitter("streaming"))


def bare_writer(feed: str, case: str, moments: Moments) -> RowWriter:
    """Give a writer that repeats a feed's last record, as if told of case after case."""
    last = FeedRecord.objects.filter(feed=feed).order_by("-number")[0]
    return RowWriter(last, bytes(last.body), case, moments)


class RowWriter:
    """Writes a feed's rows without reading the journal: for rates at which that would be what is measured."""

    def __init__(self, pattern: FeedRecord, body: bytes, case: str, moments: Moments) -> None:
        self._pattern = pattern
        self._body = body
        self._case = case.encode()
        self._cases = [str(uuid4()) for _ in range(1_024)]
        self._head = pattern.number
        # The next positions of the journal, as if it had an event for each record.
        self._position = FeedHead.objects.using("feed").aggregate(last=Max("position"))["last"]
        self._moments = moments

    def fill(self, records: int) -> int:
        """Write so many records; gives the feed's head."""
        while records > 0:
            self._commit(min(records, _A_FILL))
            records -= _A_FILL
        return self._head

    def pace(self, per_s: float, seconds: float, moments: str) -> object:
        """Write at a pace, one transaction every 10 ms; the moments into a file."""
        self._moments.begin("")
        began_s, done, count = time.perf_counter(), 0, int(per_s * seconds)
        while done < count:
            time.sleep(_EVERY_S - (time.perf_counter() - began_s) % _EVERY_S)
            due = min(count, int((time.perf_counter() - began_s) * per_s)) - done
            if due:
                self._commit(due)
                done += due
        took_s = time.perf_counter() - began_s
        return {"count": self._moments.save(moments), "per_s": count / took_s}

    def _commit(self, count: int) -> None:
        rows = [self._row(self._head + 1 + n) for n in range(count)]
        with transaction.atomic(using="feed"):
            FeedRecord.objects.using("feed").bulk_create(rows)
            FeedHead.objects.using("feed").filter(feed=self._pattern.feed).update(
                head=self._head + count, position=self._position + count
            )
        self._head += count
        self._position += count
        self._moments.committed([(row.feed, row.number, bytes(row.body)) for row in rows])

    def _row(self, number: int) -> FeedRecord:
        case = self._cases[number % len(self._cases)]
        return FeedRecord(
            feed=self._pattern.feed,
            number=number,
            slot=slot_of_case(case),
            kind=self._pattern.kind,
            case=case,
            recorded_at_us=self._pattern.recorded_at_us,
            final=self._pattern.final,
            body=self._body.replace(self._case, case.encode()),
            event_id=str(uuid4()),
        )
