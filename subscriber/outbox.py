"""What a service says, kept in its own database until the journal has it: retried for ever, in key order.

What one handler says with a coordinated event in it travels by itself and whole, so that the journal has it
as one unit; while the coordinator is away it waits with its keys, and everything else goes home past it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from protocol.catalogue import Lane, lane_of, stream_of, type_name
from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.context import Emission
from subscriber.errors import NotNow, Refused, StoreAway
from subscriber.lanes import Tries
from subscriber.store import Row, Store, Value
from subscriber.tables import make_outbox

__all__ = ["Home", "Outbox", "hand_over", "put", "waiting"]

_NEXT_ALONE: Final = """
    SELECT number, record FROM subscriber_outbox AS said
    WHERE refused = '' AND key NOT IN (SELECT key FROM subscriber_outbox WHERE refused <> '')
    AND number NOT IN (SELECT number FROM subscriber_outbox_unit)
    AND NOT EXISTS (SELECT 1 FROM subscriber_outbox_unit AS held
                    JOIN subscriber_outbox AS before ON before.number = held.number
                    WHERE before.key = said.key AND before.number < said.number)
    ORDER BY number LIMIT ?
"""
# The oldest unit none of whose keys has anything older that waits.
_NEXT_UNIT: Final = """
    SELECT said.number, said.record FROM subscriber_outbox_unit AS held
    JOIN subscriber_outbox AS said ON said.number = held.number
    WHERE held.unit = (
        SELECT min(unit) FROM subscriber_outbox_unit WHERE unit NOT IN (
            SELECT one.unit FROM subscriber_outbox_unit AS one
            JOIN subscriber_outbox AS its ON its.number = one.number
            JOIN subscriber_outbox AS older ON older.key = its.key AND older.number < one.unit
        ) AND unit NOT IN (
            SELECT one.unit FROM subscriber_outbox_unit AS one
            JOIN subscriber_outbox AS its ON its.number = one.number WHERE its.refused <> ''
        )
    )
    ORDER BY said.number
"""
_AT_ONCE: Final = 100
# Somebody else may have put something there: an operator who redrives dead letters.
_LOOK_EVERY_S: Final = 1.0


class Home(Protocol):
    """The way into the journal for a service."""

    def append(self, records: Sequence[Record]) -> None:
        """Have records written, all or none; ones that are there already change nothing.

        Raises:
            NotNow: no answer, or not now: it may have been written; send the same again.
            Refused: never.
        """

    def require_coordinator(self) -> None:
        """Check that coordinated events are taken now; an answer may be up to a second old.

        Raises:
            NotNow: they are not, or nobody answers.
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
        self._sending: _Sending | None = None
        self._rest = {Lane.COORDINATED: Tries(), Lane.GUARANTEED: Tries()}
        self._one_by_one = False
        with store.transaction():
            make_outbox(store)
        self._waiting = True
        self._look_again_s = 0.0

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Keep emissions, inside the handler's transaction; one kept before is not kept twice.

        Raises:
            NotNow: one of them is coordinated and cannot be said now: the transaction has to be taken back.
        """
        if _lane(emissions) is Lane.COORDINATED:
            self._home.require_coordinator()
        put(self._store, emissions, source=self._source, now=now)
        self._waiting = True

    def carry(self, bell: threading.Event) -> bool:
        """Send what waits, or take note of how the last sending went; see `Emitter`."""
        try:
            return self._carry(bell)
        except StoreAway:
            # What was sent and could not be noted is sent again: it is the same event.
            for rest in self._rest.values():
                rest.rest(time.monotonic(), random.random())  # noqa: S311 - jitter
            return False

    def close(self) -> None:
        """Wait for what is on its way home; what waits here is carried by whoever opens this store next."""
        self._sender.shutdown()

    def _carry(self, bell: threading.Event) -> bool:
        if self._sending is not None:
            return self._settle()
        now_s = time.monotonic()
        if not self._waiting and self._look_again_s > now_s:
            return False
        due = [lane for lane, rest in self._rest.items() if rest.not_before_s <= now_s]
        for lane in due:
            if rows := self._next(lane):
                future = self._sender.submit(self._home.append, [record for _, record in rows])
                self._sending = _Sending(future, lane, [number for number, _ in rows])
                future.add_done_callback(lambda _: bell.set())
                return False
        if len(due) == len(self._rest):
            self._waiting = self._one_by_one = False
            self._look_again_s = now_s + _LOOK_EVERY_S
        return False

    def _next(self, lane: Lane) -> list[tuple[int, Record]]:
        if lane is Lane.COORDINATED:
            rows = self._store.execute(_NEXT_UNIT)
        else:
            rows = self._store.execute(_NEXT_ALONE, (1 if self._one_by_one else _AT_ONCE,))
        return [(int(str(number)), Record.FromString(bytes(memoryview(data)))) for number, data in rows]

    def _settle(self) -> bool:
        if self._sending is None or not self._sending.future.done():
            return False
        sent, self._sending = self._sending, None
        error = sent.future.exception()
        if isinstance(error, NotNow):
            self._rest[sent.lane].rest(time.monotonic(), random.random())  # noqa: S311 - jitter
            return False
        if isinstance(error, Refused) and len(sent.numbers) > 1 and sent.lane is not Lane.COORDINATED:
            # One of them is refused; found by sending each alone.
            self._one_by_one = True
            return True
        if error is not None and not isinstance(error, Refused):
            raise error
        self._rest[sent.lane] = Tries()
        with self._store.transaction():
            self._note(sent.numbers, "" if error is None else str(error))
        return True

    def _note(self, numbers: Sequence[int], refused: str) -> None:
        for number in numbers:
            if refused:
                self._store.execute(
                    "UPDATE subscriber_outbox SET refused = ? WHERE number = ?", (refused, number)
                )
            else:
                self._store.execute("DELETE FROM subscriber_outbox_unit WHERE number = ?", (number,))
                self._store.execute("DELETE FROM subscriber_outbox WHERE number = ?", (number,))


@dataclass(frozen=True, slots=True)
class _Sending:
    """What is on its way home: the rows' numbers, and whether they are one coordinated unit."""

    future: Future[None]
    lane: Lane
    numbers: list[int]


def put(store: Store, emissions: Sequence[Emission], *, source: str, now: datetime) -> None:
    """Keep emissions for the next carrier, in the caller's transaction; one kept before is not kept twice."""
    rows = []
    for said in emissions:
        record = _record(said, source, now)
        rows.append((record.id, record.partition_key, record.SerializeToString(), ""))
    numbers = [_insert(store, row) for row in rows]
    if _lane(emissions) is Lane.COORDINATED:
        _hold_together(store, [number for number in numbers if number is not None])


def hand_over(store: Store, heir: Store) -> None:
    """Give another store what is unsent here, before what it has to say itself; in its caller's transaction.

    First what was said first: the order of a key holds in the outbox too.
    """
    rows = [*_unsent(store), *_unsent(heir)]
    for table in ("subscriber_outbox_unit", "subscriber_outbox"):
        heir.execute(f"DELETE FROM {table}")  # noqa: S608 - of two
    units: dict[tuple[int, int], list[int]] = {}
    for origin, unit, *row in rows:
        number = _insert(heir, row)
        if number is not None and unit is not None:
            units.setdefault((origin, unit), []).append(number)
    for numbers in units.values():
        _hold_together(heir, numbers)


def waiting(store: Store) -> tuple[int, int]:
    """Count what waits for the journal, and what the journal has refused for good."""
    ((waits, refused),) = store.execute("SELECT count(*), count(NULLIF(refused, '')) FROM subscriber_outbox")
    return int(waits) - int(refused), int(refused)


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
        traceparent=said.traceparent,
        payload=said.message.SerializeToString(deterministic=True),
    )


def _insert(store: Store, row: Sequence[Value]) -> int | None:
    """Put a row at the outbox's end; gives its number, None when it is there already."""
    numbers = store.execute(
        "INSERT INTO subscriber_outbox (id, key, record, refused) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO NOTHING RETURNING number",
        tuple(row),
    )
    return int(numbers[0][0]) if numbers else None


def _hold_together(store: Store, numbers: Sequence[int]) -> None:
    """Have rows travel as one unit."""
    for number in numbers:
        store.execute("INSERT INTO subscriber_outbox_unit (number, unit) VALUES (?, ?)", (number, numbers[0]))


def _unsent(store: Store) -> list[Row]:
    return [
        (id(store), *row)
        for row in store.execute(
            "SELECT held.unit, said.id, said.key, said.record, said.refused FROM subscriber_outbox AS said "
            "LEFT JOIN subscriber_outbox_unit AS held ON held.number = said.number ORDER BY said.number"
        )
    ]


def _lane(emissions: Sequence[Emission]) -> Lane:
    return lane_of(stream_of(type_name(said.message)) for said in emissions)
