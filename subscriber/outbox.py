"""What a service says, kept in its own database until the journal has it: retried for ever, in key order."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Final, Protocol

from protocol.catalogue import type_name
from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.context import Emission
from subscriber.errors import NotNow, Refused
from subscriber.lanes import Tries
from subscriber.store import Store

__all__ = ["Home", "Outbox"]

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS subscriber_outbox (
        number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, key TEXT NOT NULL, record BLOB NOT NULL,
        refused TEXT NOT NULL
    )
"""
_AT_ONCE: Final = 100


class Home(Protocol):
    """The way into the journal for a service."""

    def append(self, records: Sequence[Record]) -> None:
        """Have records written, all or none; ones that are there already change nothing.

        Raises:
            NotNow: no answer, or not now: it may have been written; send the same again.
            Refused: never.
        """


class Outbox:
    """An emitter that writes into the service's database, and carries home from there in the background.

    A record that the door refuses stays, marked, and holds back the later ones of its key.
    """

    def __init__(self, store: Store, home: Home, *, source: str) -> None:
        self._store = store
        self._home = home
        self._source = source
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._sending: tuple[Future[None], list[int]] | None = None
        self._rest = Tries()
        self._one_by_one = False
        with store.transaction():
            store.execute(_TABLE)
        self._waiting = True

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Keep emissions, inside the handler's transaction; one kept before is not kept twice."""
        for said in emissions:
            record = _record(said, self._source, now)
            self._store.execute(
                "INSERT INTO subscriber_outbox (id, key, record, refused) VALUES (?, ?, ?, '') "
                "ON CONFLICT (id) DO NOTHING",
                (record.id, record.partition_key, record.SerializeToString()),
            )
        self._waiting = True

    def carry(self, bell: threading.Event) -> bool:
        """Send what waits, or take note of how the last sending went; see `Emitter`."""
        if self._sending is not None:
            return self._settle()
        if not self._waiting or self._rest.not_before_s > time.monotonic():
            return False
        rows = self._next()
        if not rows:
            self._waiting = self._one_by_one = False
            return False
        future = self._sender.submit(self._home.append, [record for _, record in rows])
        self._sending = future, [number for number, _ in rows]
        future.add_done_callback(lambda _: bell.set())
        return False

    def _next(self) -> list[tuple[int, Record]]:
        rows = self._store.execute(
            "SELECT number, record FROM subscriber_outbox WHERE refused = '' AND key NOT IN "
            "(SELECT key FROM subscriber_outbox WHERE refused <> '') ORDER BY number LIMIT ?",
            (1 if self._one_by_one else _AT_ONCE,),
        )
        return [(int(str(number)), Record.FromString(bytes(memoryview(data)))) for number, data in rows]

    def _settle(self) -> bool:
        if self._sending is None or not self._sending[0].done():
            return False
        (future, numbers), self._sending = self._sending, None
        error = future.exception()
        if isinstance(error, NotNow):
            self._rest.rest(time.monotonic(), random.random())  # noqa: S311 - jitter
            return False
        if isinstance(error, Refused) and len(numbers) > 1:
            # One of them is refused; found by sending each alone.
            self._one_by_one = True
            return True
        if error is not None and not isinstance(error, Refused):
            raise error
        self._rest = Tries()
        with self._store.transaction():
            self._note(numbers, "" if error is None else str(error))
        return True

    def _note(self, numbers: Sequence[int], refused: str) -> None:
        for number in numbers:
            if refused:
                self._store.execute(
                    "UPDATE subscriber_outbox SET refused = ? WHERE number = ?", (refused, number)
                )
            else:
                self._store.execute("DELETE FROM subscriber_outbox WHERE number = ?", (number,))


def _record(said: Emission, source: str, now: datetime) -> Record:
    return Record(
        id=said.id.bytes,
        type=type_name(said.message),
        source=source,
        subject=said.subject,
        client=said.client,
        applicant=said.applicant,
        occurred_at_us=to_us(now),
        recorded_at_us=to_us(now),
        partition_key=said.subject,
        correlation=said.correlation,
        causation=said.causation,
        payload=said.message.SerializeToString(deterministic=True),
    )
