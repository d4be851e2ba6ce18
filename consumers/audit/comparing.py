"""The log held against the journal that it was made from: each event must lie there as it was logged."""

from __future__ import annotations

from contextlib import closing

from consumers.audit.entries import Entry, Kind, of_event
from consumers.audit.errors import Fault
from consumers.audit.log import entries, last
from consumers.audit.streams import FOLLOWED
from protocol.records import Recorded
from subscriber import HttpJournalSource, Source, Store, whole
from subscriber.serving import Door

__all__ = ["compare", "differing"]


def compare(store: Store, door: Door) -> str:
    """Compare the log with the journal behind a door; gives what was found, in a sentence.

    Raises:
        Fault: an event lies in the journal otherwise than it was logged.
        SourceAway: the journal does not answer.
    """
    with closing(HttpJournalSource(door.url, door.key, FOLLOWED)) as source:
        same, gone = differing(store, source)
    return f"{same} entries are as the journal has them; {gone} tell of what a restore took from the journal"


def differing(store: Store, source: Source) -> tuple[int, int]:
    """Compare the log with a journal; gives how many entries are the same, and how many it has no more.

    Raises:
        Fault: see `compare`.
        SourceAway: see `compare`.
    """
    tail = last(store)
    end = tail.entry.position if tail else 0
    lineage, same, gone = source.lineage(), 0, 0
    records = whole(source, end)
    for entry, _ in entries(store):
        if entry.kind == Kind.EPOCH:
            continue
        if lineage.common(entry.epoch, entry.position) < entry.position:
            gone += 1
            continue
        record = next(records, None)
        while record is not None and record.position < entry.position:
            record = next(records, None)
        _require_same(entry, record)
        same += 1
    return same, gone


def _require_same(entry: Entry, record: Recorded | None) -> None:
    if record is None or of_event(entry.number, record) != entry:
        where = f"{entry.epoch}-{entry.position}"
        raise Fault(entry.number, f"the event at {where} of the journal is not the one that was logged")
