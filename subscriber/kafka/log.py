"""The journal's copy on Kafka as a `subscriber.Log`: read committed, in a group, its place never Kafka's own.

Offsets are committed to Kafka as a hint: for tools that show lag, and as a sign that the group has read this
cluster's topics before. Where to read on is always the subscriber's own database to say.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from protocol.catalogue import stream_named
from subscriber.errors import SourceAway, Superseded, WrongLog
from subscriber.kafka.asking import asked, partition_at, told_of_each, written
from subscriber.kafka.client import KafkaSettings, client_config
from subscriber.kafka.ends import Ends
from subscriber.kafka.reading import read_message
from subscriber.log import Found, Pull
from subscriber.partitions import Partition
from subscriber.source import NOWHERE, Place, Stray

__all__ = ["KafkaLog", "Lag"]

_ANSWER_S: Final = 3.0
# Sequenced time is never behind the place's; a minute covers clocks and the millisecond that Kafka keeps.
_MARGIN_MS: Final = 60_000
_AHEAD: Final = 500
_ASK_EVERY_S: Final = 1.0
_GROUP: Final[dict[str, str | int | float | bool]] = {
    "isolation.level": "read_committed",
    # Equal partitions of streams with one key go to one member.
    "partition.assignment.strategy": "range",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "session.timeout.ms": 10_000,
    "reconnect.backoff.max.ms": 1_000,
    "topic.metadata.refresh.interval.ms": 5_000,
    "queued.max.messages.kbytes": 16_384,
    # A broker that is away is told by `silent_s`, once; the library would say it again and again.
    "log_level": 2,
}


@dataclass(frozen=True, slots=True)
class Lag:
    """How far reading is behind the log's end: records, and the age in seconds of the last one read."""

    records: int
    seconds: float


@dataclass(slots=True)
class _Reading:
    """Where reading stands: the next offset of each partition, and the highest place seen in any."""

    next: dict[Partition, int] = field(default_factory=dict)
    highest: Place = NOWHERE
    committed: dict[Partition, int] = field(default_factory=dict)


class KafkaLog:
    """A member of the consumer group that has the subscriber's name.

    `options` overrides the client's configuration, in tests of slow handlers for one.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        streams: Sequence[str],
        options: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        self.streams = tuple(streams)
        self._topics = {stream_named(name).topic: name for name in streams}
        config = client_config(settings) | _GROUP | {"group.id": group} | dict(options or {})
        self.trouble = ""
        self._consumer = Consumer(config | {"error_cb": self._note_trouble})
        self._ends = Ends(client_config(settings) | {"log_level": 2}, self.streams)
        self._generation, self._owned = 0, frozenset[Partition]()
        self._reading = _Reading()
        self._ahead: deque[Message] = deque()
        self._paused = False
        self._heard_s = self._asked_s = time.monotonic()
        self._consumer.subscribe(
            list(self._topics), on_assign=self._dealt, on_revoke=self._taken, on_lost=self._taken
        )

    @property
    def generation(self) -> int:
        """See `Log`."""
        return self._generation

    @property
    def owned(self) -> frozenset[Partition]:
        """See `Log`."""
        return self._owned

    @property
    def lag(self) -> Lag:
        """How far behind the ends last heard of."""
        behind = sum(max(0, self._ends.last.get(p, at) - at) for p, at in self._reading.next.items())
        age_s = time.time() - self._reading.highest.time_us / 1e6 if self._reading.highest.time_us else 0.0
        return Lag(behind, max(0.0, age_s) if behind else 0.0)

    def _note_trouble(self, error: KafkaError) -> None:
        self.trouble = error.str()

    @property
    def unread(self) -> int:
        """See `Lagging`."""
        return self.lag.records

    def silent_s(self) -> float:
        """See `Log`."""
        return time.monotonic() - max(self._heard_s, self._ends.heard_s)

    def pull(self, limit: int) -> Pull:
        """See `Log`.

        Raises:
            Superseded: Kafka lets this process in no longer: end it.
        """
        before = self._generation
        messages = self._take(limit)
        self._stay_in()
        if self._generation != before:
            return Pull()
        if self._ends.look(self._reading.highest):
            self._hint()
        taken = [self._read(message) for message in messages]
        records = tuple(pull for one in taken for pull in one.records)
        live = len(messages) < max(limit, 1) and self._ends.reached(self._reading.next)
        return Pull(
            records=records,
            strays=tuple(stray for one in taken for stray in one.strays),
            lost=frozenset(partition for one in taken for partition in one.lost),
            passed=self._ends.passed(self._reading.next),
            live=live,
        )

    def find(self, places: Mapping[Partition, Place]) -> Found | None:
        """See `Log`."""
        if any(place.time_us == 0 for place in places.values()):
            return None
        ends, starts = self.ends(places.keys()), self._ends.get(places.keys(), first=True)
        if any(0 < start == ends[partition] for partition, start in starts.items()):
            # Nothing is kept: nothing that could prove that what is gone had been read.
            return None
        hints = told_of_each(lambda: self._consumer.committed(written(places.keys()), _ANSWER_S))
        if any(not 0 <= hint <= ends[partition] for partition, hint in hints.items()):
            return None
        moments = {p: max(0, place.time_us // 1000 - _MARGIN_MS) for p, place in places.items()}
        found = told_of_each(lambda: self._consumer.offsets_for_times(written(moments), _ANSWER_S))
        offsets = {p: ends[p] if offset < 0 else offset for p, offset in found.items()}
        return Found(offsets, {p for p, offset in offsets.items() if 0 < offset == starts[p]})

    def ends(self, partitions: Set[Partition]) -> dict[Partition, int]:
        """See `Log`.

        Raises:
            WrongLog: a topic has another number of partitions than the catalogue says.
        """
        self._check()
        return self._ends.get(partitions)

    def start(self, offsets: Mapping[Partition, int]) -> None:
        """See `Log`."""
        mine = {p: offset for p, offset in offsets.items() if p in self._owned}
        self._ahead.clear()
        self._reading = _Reading(next=dict(mine))
        self._ends.forget()
        with self._passing():
            self._consumer.assign(written(mine))
            self._consumer.resume(written(mine))
        self._paused = False

    def news(self) -> bool:
        """See `Log`."""
        if not self._ahead and not self._paused:
            self._fill(self._consumer.poll(0))
        return bool(self._ahead)

    def close(self) -> None:
        """See `Log`."""
        self._hint()
        self._ends.close()
        self._consumer.close()

    def _take(self, limit: int) -> list[Message]:
        """Take what has come; what is not wanted yet waits, and reading pauses when much does."""
        self._pause(wanted=limit > 0 or len(self._ahead) < _AHEAD)
        if limit == 0:
            self._fill(self._consumer.poll(0))
            return []
        if len(self._ahead) < limit:
            for message in self._consumer.consume(limit - len(self._ahead), 0):
                self._fill(message)
        return [self._ahead.popleft() for _ in range(min(limit, len(self._ahead)))]

    def _fill(self, message: Message | None) -> None:
        if message is not None:
            self._ahead.append(message)

    def _pause(self, *, wanted: bool) -> None:
        if self._paused is not wanted or not self._reading.next:
            return
        change = self._consumer.resume if wanted else self._consumer.pause
        with self._passing():
            change(written(self._reading.next))
            self._paused = not wanted

    def _read(self, message: Message) -> Pull:
        """Read one message, and note where the next one of its partition will be."""
        error, name = message.error(), self._topics.get(str(message.topic()), "")
        if error is not None and error.fatal():
            raise Superseded(f"Kafka lets this process in no longer: {error.str()}")
        at = Partition(name, int(message.partition() or 0))
        if at not in self._reading.next:
            return Pull()
        self._heard_s = time.monotonic()
        if error is not None:
            return self._told(error, at, int(message.offset() or 0))
        self._reading.next[at] = int(message.offset() or 0) + 1
        read = read_message(message, at)
        if isinstance(read, Stray):
            return Pull(strays=(read,))
        if read.position > self._reading.highest.position:
            self._reading.highest = Place(read.position, read.sequenced_at_us)
        return Pull(records=(read,))

    def _told(self, error: KafkaError, at: Partition, offset: int) -> Pull:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
            self._reading.next[at] = max(self._reading.next[at], offset)
            return Pull()
        gone = error.code() in {KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET}  # noqa: SLF001
        return Pull(lost=frozenset({at})) if gone else Pull()

    def _dealt(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Nothing is read before the subscriber's database has said from where.
        consumer.assign([])
        self._own(frozenset(map(partition_at, partitions)))

    def _taken(self, consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        consumer.unassign()
        self._own(frozenset())

    def _own(self, partitions: frozenset[Partition]) -> None:
        self._generation += 1
        self._owned = partitions
        self._reading = _Reading()
        self._ahead.clear()
        self._paused = False
        self._ends.forget()

    def _stay_in(self) -> None:
        """Notice being shut out, by another process of our name or by a coordinator that lost its memory.

        The library tells only those who commit. With nothing to commit it asks nobody, and answers at once.
        """
        if time.monotonic() - self._asked_s < _ASK_EVERY_S:
            return
        self._asked_s = time.monotonic()
        try:
            self._consumer.commit(offsets=[], asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() == KafkaError._FATAL:  # noqa: SLF001 - the library's public name for it
                raise Superseded("Kafka lets this process in no longer: start it again") from error

    def _hint(self) -> None:
        new = {p: at for p, at in self._reading.next.items() if self._reading.committed.get(p) != at}
        with self._passing():
            if new:
                self._consumer.commit(offsets=written(new), asynchronous=True)
                self._reading.committed |= new

    def _check(self) -> None:
        """Refuse topics that are not as the catalogue says; one that is not there yet is waited for."""
        found = asked(lambda: self._consumer.list_topics(timeout=_ANSWER_S)).topics
        for topic, name in self._topics.items():
            wanted, described = stream_named(name).partitions, found.get(topic)
            if described is None or described.error is not None:
                raise SourceAway(f"the topic {topic} is not there yet: the relay makes it")
            if len(described.partitions) != wanted:
                raise WrongLog(
                    f"{topic} has {len(described.partitions)} partitions, the catalogue says {wanted}"
                )

    @staticmethod
    @contextlib.contextmanager
    def _passing() -> Iterator[None]:
        """Let a partition that was just taken away be: the next pull says so."""
        with contextlib.suppress(KafkaException):
            yield
