"""A journal in a file, and the processes of the kill test on it: writer, carrier, service.

`python -m tests.complaints.house write FILE`, `carry FILE`, `serve FILE STORE`.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from confluent_kafka import Producer

from protocol.catalogue import stream_named, type_name
from protocol.cloudevents import to_headers
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.records import Recorded
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Batch, Context, Handler, Lineage, Runner, SqliteStore, Subscriber, ThreadPool
from subscriber.kafka import client_config, kafka_settings, kafka_source
from tests.subscriber.makers import Said

__all__ = ["STREAM", "FileJournal"]

STREAM = "verification.case"
_EPOCH = "0badcafe"


class FileJournal:
    """A `Source` on one SQLite file, whose rows are events; also what the carrier reads from."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(path, timeout=20, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("CREATE TABLE IF NOT EXISTS event (position INTEGER PRIMARY KEY, record BLOB)")
        self._rows.execute("CREATE TABLE IF NOT EXISTS carried (position INTEGER)")

    def write(self, subject: str) -> None:
        """Append an event of a case."""
        self._rows.execute("BEGIN IMMEDIATE")
        record = _record(subject, self.head + 1)
        self._rows.execute("INSERT INTO event VALUES (?, ?)", (record.position, record.SerializeToString()))
        self._rows.execute("COMMIT")

    @property
    def head(self) -> int:
        """The last position."""
        return int(self._rows.execute("SELECT coalesce(max(position), 0) FROM event").fetchone()[0])

    @property
    def carried(self) -> int:
        """How far the carrier has come, by its own word."""
        return int(self._rows.execute("SELECT coalesce(max(position), 0) FROM carried").fetchone()[0])

    def note_carried(self, position: int) -> None:
        """Keep the carrier's word."""
        self._rows.execute("INSERT INTO carried VALUES (?)", (position,))

    def read(self, after: int, limit: int) -> Batch:
        """See `Source`."""
        head = self.head
        asked = "SELECT record FROM event WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        rows = [Record.FromString(row[0]) for row in self._rows.execute(asked, (after, head, limit))]
        return Batch(_EPOCH, tuple(rows), rows[-1].position if len(rows) == limit else head, head)

    def recall(self, position: int) -> Recorded | None:
        """See `Source`."""
        batch = self.read(position - 1, 1)
        return batch.records[0] if batch.records else None

    def lineage(self) -> Lineage:
        """See `Source`."""
        return Lineage(((1, _EPOCH),))

    def news(self) -> bool:
        """See `Source`."""
        return False

    def close(self) -> None:
        """See `Source`."""
        self._rows.close()


def _record(subject: str, position: int) -> Record:
    now_us = to_us(datetime.now(UTC))
    message = v.CaseSubmitted(by="client")
    return Record(
        id=uuid4().bytes,
        type=type_name(message),
        stream=STREAM,
        subject=subject,
        partition_key=subject,
        client="cl_1",
        epoch=_EPOCH,
        position=position,
        keyseq=position,
        sequenced_at_us=now_us,
        recorded_at_us=now_us,
        occurred_at_us=now_us,
        payload=message.SerializeToString(),
    )


def _write(file: Path, count: int) -> None:
    journal = FileJournal(file)
    while (position := journal.head) < count:
        journal.write(f"case-{position % 50}")
        # Slowly: it must still be writing while the others are killed.
        time.sleep(0.01)


def _carry(file: Path) -> None:
    """Carry as the relay does: a batch in a transaction, then the checkpoint; until killed."""
    journal, settings = FileJournal(file), kafka_settings(os.environ)
    assert settings is not None
    own = {"transactional.id": "house", "partitioner": "murmur2_random", "log_level": 2}
    producer = Producer(client_config(settings) | own)
    producer.init_transactions(30)
    while True:
        batch = journal.read(journal.carried, 40)
        if not batch.records:
            time.sleep(0.005)
            continue
        producer.begin_transaction()
        for record in batch.records:
            producer.produce(
                stream_named(STREAM).topic,
                key=record.partition_key.encode(),
                value=record.payload,
                headers=list(to_headers(record)),
                timestamp=record.sequenced_at_us // 1000,
            )
        producer.commit_transaction(30)
        # Killed here, it carries the batch again: the moment that the test wants to meet.
        time.sleep(0.02)
        journal.note_carried(batch.records[-1].position)


def _position(event: Event, _ctx: Context) -> object:
    return event.envelope.position


def _work(given: object) -> object:
    time.sleep(0.003)
    return given


def _effect(event: Event, value: object, ctx: Context) -> None:
    e = event.envelope
    ctx.execute("INSERT INTO effect (subject, position) VALUES (?, ?)", (e.subject, e.position))
    ctx.emit(v.ReviewRequested(by="client"), subject=e.subject, client=e.client)


def _serve(file: Path, database: Path) -> None:
    """Follow until killed."""
    store, settings = SqliteStore(database), kafka_settings(os.environ)
    assert settings is not None
    with store.transaction():
        store.execute(
            "CREATE TABLE IF NOT EXISTS effect (number INTEGER PRIMARY KEY, subject TEXT, position INT)"
        )
    handler = Handler((v.CaseSubmitted,), _effect, gather=_position, work=_work)
    source = kafka_source(settings, "house", (STREAM,), FileJournal(file), instance="1")
    follower = Subscriber("house", (STREAM,), (handler,))
    Runner([follower], source, store, Said(store), pool=ThreadPool(4)).run(threading.Event())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", file, count]:
            _write(Path(file), int(count))
        case ["carry", file]:
            _carry(Path(file))
        case ["serve", file, database]:
            _serve(Path(file), Path(database))
