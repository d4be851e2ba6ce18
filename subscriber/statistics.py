"""Follows the best-effort statistics: no positions, no epochs, a place of their own in the follower's rows.

Where there is a Kafka they come by their topic, else through the door. What is lost on the way is lost; what
was taken is taken once, for the place moves in the transaction of the effect.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from protocol.catalogue import stream_named
from protocol.schemas.journal_v1_pb2 import Frame, Record
from subscriber.errors import SourceAway, SubscriberError, Undeclared
from subscriber.kafka import KafkaSettings
from subscriber.kafka.foreign import Foreign, ForeignTopic, NotUnderstood
from subscriber.lines import CONNECT_S, Line
from subscriber.noted import Progress, Take, make_statistics, taken
from subscriber.store import Store
from subscriber.window import Window

__all__ = ["Statistics", "statistics_of"]

_PATH: Final = "/internal/v1/statistics"
_AT_ONCE: Final = 500
# A producer that sends again does so within seconds.
_REPEATS: Final = timedelta(minutes=10)
_MOST_MARKS: Final = 100_000


class Statistics(Protocol):
    """A way by which statistics come; used by one thread."""

    def step(self, take: Take) -> int:
        """Have what has come taken, in one transaction with the place; gives how many there were.

        Raises:
            NotNow: nothing can be read, or nothing be kept, now.
        """

    def close(self) -> None:
        """Let go of connections."""


def statistics_of(
    store: Store, name: str, door: tuple[str, str], kafka: KafkaSettings | None, clock: Callable[[], int]
) -> Statistics:
    """Find the way by which statistics come.

    Args:
        store: the follower's database.
        name: under which its place lies; not the name of a `Subscriber`.
        door: the journal door's address, and the service's key to it.
        kafka: where the cluster is; None: there is none.
        clock: gives microseconds since 1970 UTC.
    """
    make_statistics(store, name)
    seen = Progress(store, name, clock)
    return _ByDoor(store, door, seen) if kafka is None else _ByTopic(store, kafka, seen)


class _ByDoor:
    """Reads the door's long answer."""

    def __init__(self, store: Store, door: tuple[str, str], seen: Progress) -> None:
        self._store, self._door, self._seen = store, door, seen
        self._line: Line | None = None
        self._head = 0

    def step(self, take: Take) -> int:
        """See `Statistics`."""
        place = self._seen.place()
        try:
            records = self._read(place)
        except Undeclared:
            # Their file was begun anew: so is the counting.
            with self._store.transaction():
                self._seen.move(0, 0)
            return 0
        if records:
            try:
                with self._store.transaction():
                    for record in records:
                        taken(record, str(record.position), take, self._store)
                    self._seen.move(records[-1].position, max(record.occurred_at_us for record in records))
            except BaseException:
                # What was read and not kept is read again.
                self.close()
                raise
        elif place >= self._head:
            self._seen.up_to_date()
        return len(records)

    def close(self) -> None:
        """See `Statistics`."""
        if self._line is not None:
            self._line.hang_up()
        self._line = None

    def _read(self, place: int) -> list[Record]:
        if self._line is None:
            self._line = Line(self._door, _PATH, {"after": str(place)})
            self._head = self._first(self._line).mark.head
        records: list[Record] = []
        while len(records) < _AT_ONCE and not self._line.frames.empty():
            if records and isinstance(self._line.frames.queue[0], SubscriberError):
                break
            frame = self._told(self._line.frames.get_nowait())
            if frame.WhichOneof("content") == "record":
                records.append(frame.record)
            else:
                self._head = frame.mark.head
        return records

    def _first(self, line: Line) -> Frame:
        try:
            return self._told(line.frames.get(timeout=CONNECT_S))
        except queue.Empty:
            self.close()
            raise SourceAway("the door's statistics do not answer") from None

    def _told(self, frame: Frame | SubscriberError) -> Frame:
        if isinstance(frame, SubscriberError):
            self.close()
            raise frame
        return frame


class _ByTopic:
    """Reads the statistics' topic, whose places are Kafka's offsets."""

    def __init__(self, store: Store, kafka: KafkaSettings, seen: Progress) -> None:
        self._seen = seen
        topic = stream_named("verification.statistics").topic
        window = Window(store, seen.name, longest=_REPEATS, most=_MOST_MARKS)
        self._topic = ForeignTopic(kafka, topic, store, window, id_header="ce_id")

    def step(self, take: Take) -> int:
        """See `Statistics`."""

        def handle(foreign: Foreign, store: Store) -> None:
            type_ = foreign.headers.get("ce_type", b"").decode(errors="replace")
            subject = foreign.headers.get("ce_subject", b"").decode(errors="replace")
            record = Record(type=type_, subject=subject, payload=foreign.value, occurred_at_us=foreign.at_us)
            if not taken(record, foreign.message_id, take, store):
                raise NotUnderstood(f"no statistic: {type_}")
            self._seen.move(0, foreign.at_us)

        handled = self._topic.step(handle)
        if not handled:
            self._seen.up_to_date()
        return handled

    def close(self) -> None:
        """See `Statistics`."""
        self._topic.close()
