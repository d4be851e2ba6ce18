"""Each minute the log's head, signed: into a file of the service's, and as an event to everybody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog

from consumers.audit.entries import Kind
from consumers.audit.files import HeadsFile
from consumers.audit.heads import Head, event_of, signed
from consumers.audit.keys import SigningKey
from consumers.audit.log import entry_at, last
from consumers.audit.settings import heads_file, signing_key
from protocol.catalogue import type_name
from protocol.ids import caused_id, to_us
from protocol.schemas.audit_v1_pb2 import HeadPublished
from subscriber import Emission, NotNow, Store, open_store
from subscriber.outbox import put
from subscriber.serving import ServiceSettings

__all__ = ["NAME", "Publisher", "publish_each_minute"]

_log = structlog.get_logger("vouch.audit")

NAME: Final = "audit"
_EVERY_S: Final = 60.0
_HEAD: Final = type_name(HeadPublished)
# No client's, and no case's.
_SUBJECT, _CLIENT = "audit", "vouch"


class Publisher:
    """Publishes heads of the log in a store."""

    def __init__(self, store: Store, heads: HeadsFile, key: SigningKey) -> None:
        self._store = store
        self._heads = heads
        self._key = key

    def publish(self, now: datetime) -> Head | None:
        """Publish how the log stands; None: nothing but heads has come since the last, or it is another log.

        Raises:
            StoreAway: the database is busy or away: come again.
            WrongFile: the file of heads was damaged: put it right first.
        """
        before, tail = self._heads.newest(), last(self._store)
        if tail is None or (before is not None and not self._has_news(before)):
            return None
        entry = tail.entry
        unsigned = Head(entry.number, tail.hash, entry.epoch, entry.position, to_us(now), b"", b"")
        head = signed(unsigned, self._key)
        # The file first: what a crash leaves unsaid is said at the next start.
        self._heads.append(head)
        self.say(head, now)
        return head

    def say_again(self, now: datetime) -> None:
        """Say the newest head; the journal takes it once, however often it is said."""
        head = self._heads.newest()
        if head is not None and self._is_of_this_log(head):
            self.say(head, now)

    def say(self, head: Head, now: datetime) -> None:
        """Put a head into the outbox, from where the runner carries it home."""
        id_ = caused_id(UUID(bytes=head.hash[:16]), "audit.head", 0)
        said = Emission(
            id=id_,
            message=event_of(head),
            subject=_SUBJECT,
            client=_CLIENT,
            applicant="",
            causation="",
            correlation="",
        )
        with self._store.transaction():
            put(self._store, [said], source=NAME, now=now)

    def _has_news(self, before: Head) -> bool:
        if not self._is_of_this_log(before):
            return False
        found = self._store.execute(
            "SELECT 1 FROM audit_entry WHERE number > ? AND NOT (kind = ? AND type = ?) LIMIT 1",
            (before.entries, Kind.EVENT, _HEAD),
        )
        return bool(found)

    def _is_of_this_log(self, head: Head) -> bool:
        """Tell whether the log has the entry that a published head speaks of, with the same hash.

        A log whose database was lost comes to it again in time, unless the journal was restored in between.
        """
        kept = entry_at(self._store, head.entries)
        if kept is not None and kept.hash != head.hash:
            _log.error("another_log", entry=head.entries, reason="a published head says otherwise")
        return kept is not None and kept.hash == head.hash


def publish_each_minute(settings: ServiceSettings, version: str, over: threading.Event) -> None:
    """Publish heads until told to stop.

    Raises:
        WrongKey: there is no key to sign with.
        WrongFile: the file of heads was damaged.
    """
    with closing(open_store(version)) as store:
        publisher = Publisher(store, HeadsFile(heads_file(settings)), signing_key(settings))
        _unless_away(publisher.say_again)
        while not over.wait(_EVERY_S):
            _unless_away(publisher.publish)


def _unless_away(do: Callable[[datetime], object]) -> None:
    try:
        do(datetime.now(UTC))
    except NotNow as error:
        _log.warning("head_waits", reason=str(error))
