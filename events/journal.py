"""The door of the memory: say events, and read them back in the one order they have.

with transaction.atomic():
    record([Draft(message=CaseSubmitted(by="client"), subject=case, client=client)], now=now)
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final
from uuid import UUID

from django.db import transaction
from google.protobuf.message import Message

from events import sqlite
from events.errors import NoApplicant, TooLarge, TooManyEvents, WrongLane
from events.keys import make_keys
from events.projections import apply_all
from events.sealing import personal_classes, seal
from protocol.catalogue import Lane, UnknownType, stream_of, type_name
from protocol.envelope import Envelope, Event, from_record
from protocol.ids import from_us, new_uuid7

__all__ = ["MAX_EVENTS", "MAX_PAYLOAD", "Draft", "Head", "after", "head", "record"]

MAX_EVENTS: Final = 1_000
# One event must fit every broker and browser; larger bytes travel by reference (facts/events.md §2b).
MAX_PAYLOAD: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before the journal has it; personal fields of the message are in clear and get sealed.

    `subject` is what its order is kept by. `id` is given where a repeat must be the same event.
    """

    message: Message
    subject: str
    client: str
    applicant: str = ""
    source: str = "verification"
    causation: str = ""
    correlation: str = ""
    occurred_at: datetime | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the journal; `epoch` is empty and `position` 0 before the first event."""

    epoch: str
    position: int


def head() -> Head:
    """Tell where the journal ends."""
    tip = sqlite.tip()
    return Head(tip.epoch, tip.position)


def record(drafts: Iterable[Draft], *, now: datetime) -> tuple[Event, ...]:
    """Write events in the caller's transaction, or in one of their own, and apply them to the tables.

    A draft whose id the journal already has is not written or applied again: the stored event is given.

    Args:
        drafts: in order; the events of one call are one unit.
        now: the moment of writing, aware.

    Returns:
        The events in the drafts' order, as they lie in the journal: personal fields sealed.

    Raises:
        WrongDraft: too large, too many, best effort, or personal without an applicant: mend the caller.
        Erased: the applicant's key was destroyed.
        KeysAway: the key store cannot answer: come again.
        UnknownType: no stream carries the message.
    """
    given = tuple(drafts)
    if len(given) > MAX_EVENTS:
        raise TooManyEvents(f"{len(given)} events in one transaction; at most {MAX_EVENTS}")
    sealed = [_sealed(draft, now) for draft in given]
    # No savepoint: everything a caller can mend was refused above; what fails below ends the transaction.
    with transaction.atomic(using=sqlite.DATABASE, savepoint=False):
        known = sqlite.stored(draft.id for draft in given if draft.id is not None)
        had = {UUID(bytes=row.id): from_record(row) for row in known}
        new = list({entry.id: entry for entry in sealed if entry.id not in had}.values())
        if new:
            events = _placed(new, now.astimezone(UTC))
            sqlite.insert([(event.envelope, entry.payload) for event, entry in zip(events, new, strict=True)])
            sqlite.mark_known(sorted({pair for entry in new for pair in entry.keys}))
            for event in events:
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
    end = sqlite.tip().position
    rows = sqlite.read(position, through=end, streams=streams, subject=subject, limit=limit)
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


def _placed(entries: Sequence[_Entry], now: datetime) -> list[Event]:
    """Give events their place: epoch, position, unit, number within the key; the time never falls."""
    tip = sqlite.tip()
    first = tip.position + 1
    epoch = tip.epoch or secrets.token_hex(4)
    if not tip.epoch:
        sqlite.start_epoch(epoch, first)
    numbers = {key: count(sqlite.last_keyseq(key) + 1) for key in {entry.draft.subject for entry in entries}}
    place = _Place(epoch, first, first + len(entries) - 1, now, max(now, from_us(tip.sequenced_at_us)))
    return [
        _event(entry, place, position, next(numbers[entry.draft.subject]))
        for position, entry in enumerate(entries, start=first)
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """What the events of one unit share."""

    epoch: str
    unit: int
    unit_last: int
    recorded_at: datetime
    sequenced_at: datetime


def _event(entry: _Entry, place: _Place, position: int, keyseq: int) -> Event:
    draft = entry.draft
    envelope = Envelope(
        id=entry.id,
        type=entry.type,
        source=draft.source,
        subject=draft.subject,
        client=draft.client,
        applicant=draft.applicant,
        occurred_at=place.recorded_at if draft.occurred_at is None else draft.occurred_at.astimezone(UTC),
        recorded_at=place.recorded_at,
        sequenced_at=place.sequenced_at,
        epoch=place.epoch,
        position=position,
        unit=place.unit,
        unit_last=place.unit_last,
        stream=entry.stream,
        partition_key=draft.subject,
        keyseq=keyseq,
        correlation=draft.correlation,
        causation=draft.causation,
    )
    # Parsed anew: what was recorded is what is applied, whatever the caller does with its message.
    return Event(envelope, type(draft.message).FromString(entry.payload))
