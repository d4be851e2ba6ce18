"""Is the journal what it promises to be? Read once, from the first event to the last."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from events.database import journal_database
from protocol.catalogue import UnknownType
from protocol.envelope import from_record
from protocol.records import Recorded
from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["faults"]

_CHUNK = 1000
_NOTHING = Record()


def faults() -> Iterator[str]:
    """Name everything that is not as it should be: places, order, time, units, bytes, protection."""
    yield from _unprotected()
    before: Recorded = _NOTHING
    keyseqs: dict[str, int] = {}
    database = journal_database()
    end = database.tip().position
    while before.position < end:
        rows = database.read(before.position, through=end, streams=None, subject=None, limit=_CHUNK)
        if not rows:
            yield f"positions {before.position + 1} to {end} are not there"
            return
        for row in rows:
            yield from _place(row, before)
            yield from _order(row, keyseqs)
            yield from _bytes(row)
            before = row


def _unprotected() -> Iterator[str]:
    for name in journal_database().unprotected():
        yield f"the trigger {name} is missing: the journal can be changed"


def _place(row: Recorded, before: Recorded) -> Iterator[str]:
    if row.position != before.position + 1:
        yield f"positions {before.position + 1} to {row.position - 1} are not there"
    if row.sequenced_at_us < before.sequenced_at_us:
        yield f"the time falls at {row.position}"
    if not row.unit <= row.position <= row.unit_last:
        yield f"{row.position} lies outside its unit {row.unit} to {row.unit_last}"


def _order(row: Recorded, keyseqs: dict[str, int]) -> Iterator[str]:
    if row.keyseq <= keyseqs.get(row.partition_key, 0):
        yield f"the order of its key falls at {row.position}: {row.keyseq}"
    keyseqs[row.partition_key] = row.keyseq


def _bytes(row: Recorded) -> Iterator[str]:
    try:
        from_record(row)
    except DecodeError:
        yield f"the bytes at {row.position} are no {row.type}"
    except UnknownType:
        return
