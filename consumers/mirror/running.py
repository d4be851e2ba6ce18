"""Follows the feed into the topic, and moves the checkpoint behind what the brokers have confirmed."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Final

from consumers.mirror.checkpoint import Checkpoint
from consumers.mirror.flight import Flight
from consumers.mirror.publishing import Publisher
from consumers.mirror.settings import Settings
from subscriber import Store, StoreAway, open_store
from vouch_feed import Follower, Position, Record, Wish
from vouch_feed import Settings as Following

__all__ = ["run"]

_POLL_S: Final = 0.1
_AGAIN_S: Final = 1.0
_LEAVE_WITHIN_S: Final = 5.0


def run(settings: Settings, stop: threading.Event) -> None:
    """Mirror until told to stop, through times in which the feed, the brokers or the database are away.

    Raises:
        NotPublished: the brokers refuse records for good, or the topic is not there.
        FeedError: the feed refuses to be followed from the checkpoint; see `vouch_feed.errors`.
    """
    flight = Flight()
    publisher = Publisher(settings.kafka, settings.topic, flight)
    with closing(open_store(settings.database)) as store, ThreadPoolExecutor(1, "mirror-notes") as pool:
        checkpoint = _begin(publisher, store, settings, stop)
        if checkpoint is None:
            return
        mirror = _Mirror(settings, publisher, flight, checkpoint, stop)
        noting = pool.submit(mirror.note)
        try:
            mirror.follow()
        finally:
            stop.set()
            noting.result()
    publisher.check()


class _Stopped(Exception):
    """A record was not handed on: told to stop before the producer had room for it."""


class _Mirror:
    """Two threads: one reads and publishes, the other hears from the brokers and notes how far they are."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        flight: Flight,
        checkpoint: Checkpoint,
        stop: threading.Event,
    ) -> None:
        self._publisher, self._flight, self._checkpoint, self._stop = publisher, flight, checkpoint, stop
        self._noted = start = checkpoint.read()
        self._follower = Follower(
            settings.url,
            settings.key,
            Wish(after=start) if start is not None else Wish(from_="earliest"),
            Following(ca_file=settings.ca, on_position=self._passed),
        )
        _say(f"mirrors {settings.url} to {settings.topic}, after {start or 'nothing yet'}")

    def follow(self) -> None:
        """Publish record after record until the other thread has it stop."""
        with suppress(_Stopped):
            self._follower.run(self._publish)

    def note(self) -> None:
        """Hear from the brokers and note the checkpoint, until told to stop; then once more for the rest."""
        try:
            while not self._stop.is_set():
                self._publisher.poll(_POLL_S)
                self._write()
                self._publisher.check()
            if left := self._publisher.flush(_LEAVE_WITHIN_S):
                _say(f"leaves with {left} records not confirmed: the next start publishes them again")
            self._write()
        finally:
            self._stop.set()
            self._follower.stop()

    def _publish(self, record: Record, _checkpoint: Position) -> None:
        while self._stop.is_set() or not self._publisher.publish(record):
            if self._stop.is_set():
                raise _Stopped
            # The brokers are slower than the feed, or away: the feed waits for its reader.
            self._publisher.poll(_POLL_S)

    def _passed(self, position: Position) -> None:
        """Take in that nothing lies up to a position: it is as good as confirmed."""
        self._flight.leave(position)
        self._flight.confirm(position)

    def _write(self) -> None:
        safe = self._flight.safe
        if safe is None or safe == self._noted:
            return
        try:
            self._checkpoint.write(safe)
            self._noted = safe
        except StoreAway as error:
            _say(f"cannot note {safe} now: {error}")


def _begin(
    publisher: Publisher, store: Store, settings: Settings, stop: threading.Event
) -> Checkpoint | None:
    """Wait until brokers and database are there; None: told to stop first."""
    said = ""
    while not stop.is_set():
        try:
            if publisher.is_ready():
                return Checkpoint(store, settings.topic)
            why = f"the brokers at {settings.kafka.bootstrap}"
        except StoreAway as error:
            why = f"its database: {error}"
        if why != said:
            _say(f"waits for {why}")
        said = why
        stop.wait(_AGAIN_S)
    return None


def _say(line: str) -> None:
    print(f"mirror: {line}", file=sys.stderr, flush=True)
