"""Best-effort messages: noted at no cost to the caller, written later, dropped and counted when too many."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connections
from google.protobuf.message import Message

from events.models import Statistic
from events.statistics_topic import StatisticsTopic
from protocol.catalogue import type_name
from protocol.ids import from_us, to_us

__all__ = ["DROPPED", "Notes", "dropped", "flush", "lost", "note", "write_until"]

# About 2 MB when full; a pipeline notes some 30 a case.
_KEPT: Final = 10_000
_AT_ONCE: Final = 500
_EVERY_S: Final = 0.5
# The type of the rows that say how many messages were dropped: the payload is the number, big-endian.
DROPPED: Final = "dropped"


class Notes:
    """A bounded buffer before the statistics' database; any thread may note, one writes."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._waiting: deque[Statistic] = deque()
        self._kept = kept
        self._lock = threading.Lock()
        self.dropped = 0
        self.topic: StatisticsTopic | None = None
        self._told = 0
        self._last = from_us(0)

    def note(self, message: Message, *, subject: str, client: str, now: datetime) -> None:
        """Keep a message until the next write; when the buffer is full it is dropped, and counted."""
        row = Statistic(
            noted_at_us=to_us(now),
            type=type_name(message),
            subject=subject,
            client=client,
            payload=message.SerializeToString(deterministic=True),
        )
        with self._lock:
            self._last = now
            if len(self._waiting) >= self._kept:
                self.dropped += 1
            else:
                self._waiting.append(row)

    def flush(self) -> int:
        """Write what waits; what the database refuses is dropped and counted. Gives the messages written."""
        written = 0
        while rows := self._take():
            if self.topic is not None:
                self.topic.send(rows)
            try:
                Statistic.objects.bulk_create(rows)
                written += len(rows)
            except DatabaseError:
                with self._lock:
                    self.dropped += len(rows)
        self._tell()
        return written

    def _tell(self) -> None:
        """Write a row that says how many were dropped since the last such row; the database may be away."""
        dropped = self.dropped
        if dropped == self._told:
            return
        lost = (dropped - self._told).to_bytes(8, "big")
        try:
            Statistic.objects.create(
                noted_at_us=to_us(self._last), type=DROPPED, subject="", client="", payload=lost
            )
        except DatabaseError:
            return
        self._told = dropped

    def _take(self) -> list[Statistic]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]


_notes = Notes()
note = _notes.note
flush = _notes.flush


def dropped() -> int:
    """Tell how many messages this process has dropped."""
    return _notes.dropped


def lost() -> int:
    """Tell how many messages of this process did not reach Kafka; 0 without it."""
    return 0 if _notes.topic is None else _notes.topic.lost


def write_until(stop: threading.Event) -> None:
    """Write notes twice a second until told to stop, and the last ones then: for a thread of its own.

    With a Kafka they also go to its topic, from this thread: whoever notes is not slowed by a broker either.
    """
    if settings.KAFKA is not None:
        _notes.topic = StatisticsTopic(settings.KAFKA)
    while not stop.wait(_EVERY_S):
        flush()
    flush()
    if _notes.topic is not None:
        _notes.topic.close()
    connections["statistics"].close()
