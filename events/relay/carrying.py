"""The relay's loop: lead, enter the cluster, carry batch after batch, begin again after whatever failed."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import KafkaException
from django.db import DatabaseError, close_old_connections, connections

from events.errors import NotTheLeader, RelayRefused
from events.relay.cluster import enter, found_beyond
from events.relay.leading import Checkpoint, Leadership
from events.relay.reading import Batch, read, resume_at
from events.relay.sending import Sender, Unknown, sender
from subscriber.errors import StoreAway
from subscriber.kafka import KafkaSettings

__all__ = ["Progress", "Relay"]

_LOOK_EVERY_S: Final = 0.01
# Three within the second after which the coordinator counts as away.
_LIFE_EVERY_S: Final = 0.3
_STAND_BY_S: Final = 0.5
_LONGEST_REST_S: Final = 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """What the relay has done since its start, for whoever shows or exports it.

    `position` is the checkpoint; `sequenced_at_us` the time of the event there. `unknown` counts, by
    librdkafka's name of the reason, how often it began again from its checkpoint, sending what Kafka had not
    confirmed once more. `refused` counts, by the error's name, why it ended; `beyond` has topics with events
    that the checkpoint does not explain.
    """

    leading: bool = False
    position: int = 0
    sequenced_at_us: int = 0
    batches: int = 0
    events: int = 0
    epochs_changed: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    beyond: dict[str, int] = field(default_factory=dict)


class Relay:
    """Carries the journal into one cluster; `leader` is a name that no other process has."""

    def __init__(self, settings: KafkaSettings, *, leader: str) -> None:
        self._settings = settings
        self._leadership = Leadership(leader)
        self._failures, self._alive_s = 0, -_LIFE_EVERY_S
        self.progress = Progress()

    def run(self, stop: threading.Event) -> None:
        """Carry, or stand by while another relay does, until told to stop; the batch under way is finished.

        Raises:
            RelayRefused: it must not go on; the message says what to do.
        """
        while not stop.is_set():
            try:
                checkpoint = self._leadership.take()
                with self._leadership.kept():
                    self._lead(checkpoint, stop)
            except NotTheLeader:
                stop.wait(_STAND_BY_S)
            except Unknown as error:
                self._failed(error.code, error, stop)
            except KafkaException as error:
                self._failed(error.args[0].name(), error, stop)
            except (DatabaseError, StoreAway, TimeoutError) as error:
                close_old_connections()
                self._failed(type(error).__name__, error, stop)
            except RelayRefused as error:
                self.progress.refused[type(error).__name__] += 1
                log.critical("the relay refuses to run: %s", error)
                raise
            finally:
                self.progress.leading = False

    def _lead(self, checkpoint: Checkpoint, stop: threading.Event) -> None:
        cluster = enter(self._settings, checkpoint)
        position = resume_at(checkpoint)
        if position != checkpoint.position:
            self.progress.epochs_changed += 1
            log.warning(
                "the journal was restored: carrying on from %d instead of %d", position, checkpoint.position
            )
        if not checkpoint.cluster:
            self._tell_beyond(position)
        with sender(self._settings) as out, _reader() as reader:
            self.progress.leading = True
            self.progress.position = position
            self._leadership.save(Checkpoint(checkpoint.epoch, position, cluster))
            self._carry(out, reader, cluster, stop)

    def _carry(self, out: Sender, reader: ThreadPoolExecutor, cluster: str, stop: threading.Event) -> None:
        """Send batches, while the next one is read already."""
        at = self.progress.position
        ahead: Future[Batch | None] = reader.submit(read, at)
        while not stop.is_set():
            self._leadership.check()
            batch = ahead.result()
            if batch is None:
                self._show_life(out)
                stop.wait(_LOOK_EVERY_S)
                ahead = reader.submit(read, at)
                continue
            at = batch.position
            ahead = reader.submit(read, at)
            out.send(batch.messages)
            self._leadership.save(Checkpoint(batch.epoch, at, cluster))
            self._done(batch)

    def _show_life(self, out: Sender) -> None:
        """Let an idle relay's sign of life not grow older than a third of a second."""
        if time.monotonic() - self._alive_s >= _LIFE_EVERY_S:
            out.show_life()
            self._leadership.show_life()
            self._failures, self._alive_s = 0, time.monotonic()

    def _done(self, batch: Batch) -> None:
        self._failures, self._alive_s = 0, time.monotonic()
        progress = self.progress
        progress.position, progress.sequenced_at_us = batch.position, batch.sequenced_at_us
        progress.batches += 1
        progress.events += len(batch.messages)

    def _tell_beyond(self, position: int) -> None:
        self.progress.beyond = found_beyond(self._settings, position)
        for topic, last in self.progress.beyond.items():
            log.warning(
                "%s has events up to position %d already, and the relay starts after %d: what it carries "
                "comes behind them. If they are another journal's, give this one a cluster of its own",
                *(topic, last, position),
            )

    def _failed(self, code: str, error: Exception, stop: threading.Event) -> None:
        """Count and log what went wrong, and rest: longer each time, 50 ms to 5 s."""
        self.progress.unknown[code] += 1
        log.warning("begins again from the checkpoint: %s", error)
        stop.wait(min(0.05 * 2 ** min(self._failures, 10), _LONGEST_REST_S))
        self._failures += 1


@contextmanager
def _reader() -> Iterator[ThreadPoolExecutor]:
    """Give one thread that reads ahead, with a database connection of its own."""
    with ThreadPoolExecutor(1, thread_name_prefix="relay-read") as reader:
        try:
            yield reader
        finally:
            reader.submit(connections.close_all)
