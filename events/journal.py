"""The door of the memory: say events, and read them back in the one order they have.

with transaction.atomic():
    record([Draft(message=CaseSubmitted(by="client"), subject=case, client=client)], now=now)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final
from uuid import UUID

from django.db import transaction
from google.protobuf.message import Message

from events.coordinator import require_coordinator
from events.database import DATABASE, Backlog, Place, Quarantined, journal_database
from events.errors import Erased, NoApplicant, TooLarge, TooManyEvents, WrongLane
from events.keys import make_keys
from events.projections import apply_all
from events.sealing import personal_classes, seal
from protocol import trace
from protocol.catalogue import Lane, UnknownType, stream_of, type_name
from protocol.envelope import Envelope, Event, from_record
from protocol.ids import new_uuid7, to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.doing import doing

__all__ = [
    "MAX_EVENTS",
    "MAX_PAYLOAD",
    "Backlog",
    "Draft",
    "Head",
    "Quarantined",
    "after",
    "backlog",
    "head",
    "hold",
    "quarantined",
    "record",
    "release",
]

MAX_EVENTS: Final = 1_000
# One event must fit every broker and browser; larger bytes travel by reference (facts/events.md §2b).
MAX_PAYLOAD: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before the journal has it; personal fields of the message are in clear and get sealed.

    `subject` is what its order is kept by. `id` is given where a repeat must be the same event. Without a
    `traceparent` it joins what the calling thread is at, else its subject's own trace.
    """

    message: Message
    subject: str
    client: str
    applicant: str = ""
    source: str = "verification"
    causation: str = ""
    correlation: str = ""
    traceparent: str = ""
    occurred_at: datetime | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the journal; `epoch` is empty and `position` 0 before the first event."""

    epoch: str
    position: int


def head() -> Head:
    """Tell where the journal ends."""
    tip = journal_database().tip()
    return Head(tip.epoch, tip.position)


def backlog() -> Backlog:
    """Tell what is said and committed and waits for its position: for metrics and for whoever is on call."""
    return journal_database().backlog()


def quarantined() -> list[Quarantined]:
    """List the keys whose events the journal refuses: for metrics, `doctor` and whoever is on call."""
    return journal_database().quarantined()


def release(key: str) -> tuple[frozenset[str], int]:
    """Let a key's events, and those that units tie to them, be placed after all: when the cause is mended.

    Returns:
        The keys released and how many events; none when nothing of the key waits.

    Raises:
        StillRefused: the journal would refuse one of them again; nothing was released.
    """
    with transaction.atomic(using=DATABASE):
        return journal_database().release(key)


def hold(*subjects: str) -> None:
    """Keep others from saying anything about some subjects until the caller's transaction ends.

    Call it before reading the rows that a command decides on: what is read after it stays true until the
    command's events are written. All subjects of one command in one call, so that two commands cannot wait
    for each other.

    Raises:
        RuntimeError: no transaction is open, so nothing would be held: mend the caller.
    """
    if not transaction.get_connection(DATABASE).in_atomic_block:
        raise RuntimeError("hold() keeps others waiting until the transaction ends: open one around it")
    journal_database().hold(subjects)


def record(drafts: Iterable[Draft], *, now: datetime) -> tuple[Event, ...]:
    """Write events in the caller's transaction, or in one of their own, and apply them to the tables.

    A draft whose id the journal already has is not written or applied again: the stored event is given.

    Args:
        drafts: in order; the events of one call are one unit.
        now: the moment of writing, aware.

    Returns:
        The events in the drafts' order, personal fields sealed. On PostgreSQL a new one has no place yet
        (epoch empty, position 0): the sequencer gives it after the commit.

    Raises:
        WrongDraft: too large, too many, best effort, or personal without an applicant: mend the caller.
        Erased: the applicant's key was destroyed, and one of them is new.
        KeysAway: the key store cannot answer: come again.
        CoordinatorAway: one of them is coordinated, and Kafka's coordinator is away: come again.
        UnknownType: no stream carries the message.
    """
    given = tuple(drafts)
    if len(given) > MAX_EVENTS:
        raise TooManyEvents(f"{len(given)} events in one transaction; at most {MAX_EVENTS}")
    require_coordinator(stream_of(type_name(draft.message)) for draft in given)
    try:
        sealed = [_sealed(draft, now) for draft in given]
    except Erased:
        # Whoever says again what was said before the erasure says nothing new.
        with transaction.atomic(using=DATABASE, savepoint=False):
            had = _said_before(given)
        if not all(draft.id in had for draft in given):
            raise
        return tuple(had[draft.id] for draft in given if draft.id is not None)
    # No savepoint: everything a caller can mend was refused above; what fails below ends the transaction.
    with transaction.atomic(using=DATABASE, savepoint=False):
        had = _said_before(given)
        new = list({entry.id: entry for entry in sealed if entry.id not in had}.values())
        if new:
            for event in _written(new, now.astimezone(UTC)):
                had[event.envelope.id] = event
                apply_all(event)
    return tuple(had[entry.id] for entry in sealed)


def after(
    position: int, *, streams: Sequence[str] | None = None, subject: str | None = None, limit: int = 1000
) -> list[Event]:
    """Read the events after a position, in order; types this build does not know are left out.

    Args:
        position: 0 for everything.
        streams: names of the catalogue; None: all.
        subject: of one case or client only; None: all.
        limit: at most so many rows are looked at.
    """
    database = journal_database()
    end = database.tip().position
    rows = database.read(position, through=end, streams=streams, subject=subject, limit=limit)
    events = []
    for row in rows:
        try:
            events.append(from_record(row))
        except UnknownType:
            continue
    return events


@dataclass(frozen=True, slots=True)
class _Entry:
    """A draft with its personal values sealed; `keys` are the (applicant, class) that sealed them."""

    draft: Draft
    id: UUID
    type: str
    stream: str
    payload: bytes
    keys: frozenset[tuple[str, str]]


def _sealed(draft: Draft, now: datetime) -> _Entry:
    type_ = type_name(draft.message)
    stream = stream_of(type_)
    if stream.lane is Lane.BEST_EFFORT:
        raise WrongLane(f"{type_} is delivered best effort: note it as a statistic")
    event_id = draft.id or new_uuid7(now)
    classes = personal_classes(draft.message)
    if classes and not draft.applicant:
        raise NoApplicant(f"{type_} has personal fields, and its draft names no applicant")
    make_keys(draft.applicant, classes)
    message = seal(draft.message, event_id=event_id, applicant=draft.applicant)
    payload = message.SerializeToString(deterministic=True)
    if len(payload) > MAX_PAYLOAD:
        raise TooLarge(f"{type_} has {len(payload)} bytes; at most {MAX_PAYLOAD}: send bytes by reference")
    keys = frozenset((draft.applicant, personal) for personal in classes)
    return _Entry(draft, event_id, type_, stream.name, payload, keys)


def _said_before(drafts: Sequence[Draft]) -> dict[UUID, Event]:
    """Find the events among drafts that name their own id; their subjects are held, so none slips by."""
    named = [draft for draft in drafts if draft.id is not None]
    if not named:
        return {}
    database = journal_database()
    database.hold({draft.subject for draft in named})
    found = database.stored([draft.id for draft in named if draft.id is not None])
    return {UUID(bytes=row.id): from_record(row) for row in found}


def _written(entries: Sequence[_Entry], now: datetime) -> list[Event]:
    """Place events and write them; again, when a number that was thought free is somebody else's by now."""
    sealed_by = sorted({pair for entry in entries for pair in entry.keys})
    while True:
        events = _placed(entries, now)
        rows = [(event.envelope, entry.payload) for event, entry in zip(events, entries, strict=True)]
        if journal_database().insert(rows, sealed_by=sealed_by):
            return events


def _placed(entries: Sequence[_Entry], now: datetime) -> list[Event]:
    """Give events their number within the key, and the place that the database has for them."""
    database = journal_database()
    # The numbers first: taking one locks the key, and events of a key must be inserted in the order of locks.
    taken = database.take_numbers(Counter(entry.draft.subject for entry in entries))
    place = database.place(len(entries), now_us=to_us(now))
    unit = _Unit(place, len(entries), now)
    numbers = {key: count(first) for key, first in taken.items()}
    return [_event(entry, unit, n, next(numbers[entry.draft.subject])) for n, entry in enumerate(entries)]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What the events of one call share."""

    place: Place
    count: int
    recorded_at: datetime

    @property
    def last(self) -> int:
        """Its last position; 0 while it has none."""
        return self.place.first + self.count - 1 if self.place.first else 0


def _event(entry: _Entry, unit: _Unit, index: int, keyseq: int) -> Event:
    draft, place, recorded_at_us = entry.draft, unit.place, to_us(unit.recorded_at)
    record = Record(
        id=entry.id.bytes,
        type=entry.type,
        source=draft.source,
        subject=draft.subject,
        client=draft.client,
        applicant=draft.applicant,
        occurred_at_us=recorded_at_us if draft.occurred_at is None else to_us(draft.occurred_at),
        recorded_at_us=recorded_at_us,
        sequenced_at_us=place.sequenced_at_us,
        epoch=place.epoch,
        position=place.first + index if place.first else 0,
        unit=place.first,
        unit_last=unit.last,
        stream=entry.stream,
        partition_key=draft.subject,
        keyseq=keyseq,
        correlation=draft.correlation,
        causation=draft.causation,
        traceparent=trace.of_event(
            draft.traceparent or doing().traceparent, event_id=entry.id, subject=draft.subject
        ),
    )
    # Parsed anew: what was recorded is what is applied, whatever the caller does with its message.
    return Event(Envelope(record), type(draft.message).FromString(entry.payload))
