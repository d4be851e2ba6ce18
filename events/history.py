"""Any part of the journal: from and to a position or a moment, of some streams, of one case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.database import journal_database
from protocol.catalogue import UnknownType
from protocol.envelope import Event, from_record
from protocol.ids import to_us
from protocol.records import Recorded
from subscriber.pacing import Pace

__all__ = ["Span", "at_moment", "events", "records", "whole_unit"]

_CHUNK: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Events after a position, up to and with `through`; `streams` and `subject` None: all."""

    through: int
    after: int = 0
    streams: tuple[str, ...] | None = None
    subject: str | None = None


def records(span: Span, pace: Pace | None = None) -> Iterator[Recorded]:
    """Give the records of a span in order, as they lie in the journal, no faster than the pace."""
    position = span.after
    while position < span.through:
        found = journal_database().read(
            position, through=span.through, streams=span.streams, subject=span.subject, limit=_CHUNK
        )
        yield from found
        if len(found) < _CHUNK:
            return
        position = found[-1].position
        if pace is not None:
            pace.passed(len(found))


def events(span: Span, pace: Pace | None = None) -> Iterator[Event]:
    """Give the events of a span in order; types this build does not know are left out."""
    for record in records(span, pace):
        try:
            yield from_record(record)
        except UnknownType:
            continue


def at_moment(moment: datetime) -> int:
    """Find the last position that was there at a moment: sequenced time never falls, so halving finds it."""
    at_us = to_us(moment)
    low, high = 0, journal_database().tip().position
    while low < high:
        middle = (low + high + 1) // 2
        if _at(middle).sequenced_at_us <= at_us:
            low = middle
        else:
            high = middle - 1
    return low


def whole_unit(position: int) -> int:
    """Go back to the end of a transaction: tables never looked as they would within one."""
    if position == 0:
        return 0
    record = _at(position)
    return position if record.unit_last <= position else record.unit - 1


def _at(position: int) -> Recorded:
    (record,) = journal_database().read(position - 1, through=position, streams=None, subject=None, limit=1)
    return record
