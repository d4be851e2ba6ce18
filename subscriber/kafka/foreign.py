"""Follows a topic that is not ours: no positions, perhaps no ids, the sender's own retries in it.

The place in each partition is Kafka's offset, kept in the follower's own database and moved in the
transaction of the effect. What the sender wrote twice has two offsets: the window finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from subscriber.errors import SourceAway
from subscriber.kafka.client import KafkaSettings, client_config
from subscriber.ledger import Ledger
from subscriber.skips import Skip, Skips
from subscriber.source import Stray
from subscriber.store import Store
from subscriber.window import Window, mark_of

__all__ = ["Foreign", "ForeignTopic", "NotUnderstood"]

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS subscriber_foreign_place (
        subscriber TEXT NOT NULL, topic TEXT NOT NULL, number BIGINT NOT NULL, next BIGINT NOT NULL,
        PRIMARY KEY (subscriber, topic, number)
    )
"""
_ANSWER_S: Final = 5.0
_AT_ONCE: Final = 500


class NotUnderstood(ValueError):
    """A handler cannot read a message: it is set aside with its original bytes, and the next one follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """One message: its bytes, when it was written, and the id its sender gave it, if any."""

    key: bytes
    value: bytes
    headers: Mapping[str, bytes]
    at_us: int
    message_id: str = ""


Handle = Callable[[Foreign, Store], None]


class ForeignTopic:
    """Follows every partition of one topic in one process, under the name that its window has.

    The handler runs in the transaction that moves the place; for bytes that it cannot read it raises
    `NotUnderstood`.
    `id_header` names the header in which the sender puts an id; empty: there is none, bytes are compared.
    """

    def __init__(
        self, settings: KafkaSettings, topic: str, store: Store, window: Window, *, id_header: str = ""
    ) -> None:
        self._topic, self._store, self._window = topic, store, window
        self._name, self._id_header = window.subscriber, id_header
        self._skips = Skips(store, window.subscriber)
        self._ledger = Ledger(store, self._name)
        with store.transaction():
            store.execute(_TABLE)
        self._ledger.open()
        # What is no longer kept cannot be had elsewhere: reading goes on where the topic begins now.
        self._consumer = Consumer(
            client_config(settings)
            | {
                "group.id": self._name,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 2,
            }
        )
        self._assigned = False

    def step(self, handle: Handle) -> int:
        """Handle what has come, in one transaction; gives how many messages.

        Raises:
            SourceAway: Kafka does not answer: come again.
            Superseded: another process follows this topic under this name now: end this one.
        """
        if not self._assigned:
            self._assign()
        messages = [m for m in self._consumer.consume(_AT_ONCE, 0.05) if _is_message(m)]
        if not messages:
            return 0
        try:
            with self._store.transaction():
                for message in messages:
                    self._one(message, handle)
                self._ledger.stay()
        except BaseException:
            # What was taken from Kafka and not handled is read again, from the place in the database.
            self._assigned = False
            raise
        return len(messages)

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _assign(self) -> None:
        try:
            found = self._consumer.list_topics(self._topic, timeout=_ANSWER_S).topics[self._topic]
        except KafkaException as error:
            raise SourceAway(f"Kafka does not answer: {error}") from error
        if found.error is not None:
            raise SourceAway(f"the topic {self._topic} is not there: {found.error}")
        asked = "SELECT number, next FROM subscriber_foreign_place WHERE subscriber = ? AND topic = ?"
        places: dict[int, int] = dict(self._store.execute(asked, (self._name, self._topic)))
        places |= self._pass_missing(places)
        self._consumer.assign([TopicPartition(self._topic, n, places.get(n, 0)) for n in found.partitions])
        self._assigned = True

    def _pass_missing(self, places: Mapping[int, int]) -> dict[int, int]:
        """Count the offsets that were removed before they were read, once; gives where reading goes on."""
        firsts = {number: self._first_kept(number) for number in places}
        beyond = {number: first for number, first in firsts.items() if first > places[number]}
        if beyond:
            with self._store.transaction():
                for number, first in beyond.items():
                    self._skips.note_unseen(Skip.MISSING, first - places[number])
                    self._note_place(number, first)
                self._skips.save()
            self._skips.saved()
        return beyond

    def _first_kept(self, number: int) -> int:
        place = TopicPartition(self._topic, number)
        try:
            found = self._consumer.get_watermark_offsets(place, timeout=_ANSWER_S)
        except KafkaException as error:
            raise SourceAway(f"Kafka does not answer: {error}") from error
        return found[0] if found else 0

    def _one(self, message: Message, handle: Handle) -> None:
        headers = {str(name): bytes(value or b"") for name, value in message.headers() or []}  # type: ignore[str-unpack,arg-type]  # always pairs when read
        foreign = Foreign(
            key=_bytes(message.key()),
            value=_bytes(message.value()),
            headers=headers,
            at_us=message.timestamp()[1] * 1000,
            message_id=headers.get(self._id_header, b"").decode(errors="replace") if self._id_header else "",
        )
        if self._window.is_new(
            mark_of(foreign.value, key=foreign.key, message_id=foreign.message_id), foreign.at_us
        ):
            try:
                handle(foreign, self._store)
            except NotUnderstood as error:
                self._set_aside(message, foreign, str(error))
        self._note_place(int(message.partition() or 0), int(message.offset() or 0) + 1)

    def _note_place(self, number: int, following: int) -> None:
        self._store.execute(
            "INSERT INTO subscriber_foreign_place VALUES (?, ?, ?, ?) "
            "ON CONFLICT (subscriber, topic, number) DO UPDATE SET next = excluded.next",
            (self._name, self._topic, number, following),
        )

    def _set_aside(self, message: Message, foreign: Foreign, reason: str) -> None:
        stray = Stray(
            topic=self._topic,
            number=int(message.partition() or 0),
            offset=int(message.offset() or 0),
            key=foreign.key,
            value=foreign.value,
            headers=tuple(foreign.headers.items()),
            reason=reason,
        )
        self._ledger.set_aside(stray, now=datetime.now(UTC))


def _is_message(message: Message) -> bool:
    error = message.error()
    if error is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise SourceAway(str(error))
    return error is None


def _bytes(value: bytes | str | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
