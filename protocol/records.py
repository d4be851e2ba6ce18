"""An event as it lies in a row or travels in a message: the same attributes by the same names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["Recorded", "Row", "as_record", "as_rows"]


class Row(NamedTuple):
    """A row of the journal; see `vouch.journal.v1.Record` for what each attribute means.

    A message costs ten times as much to make, which a replay of millions would pay for nothing.
    """

    position: int
    sequenced_at_us: int
    epoch: str
    unit: int
    unit_last: int
    id: bytes
    type: str
    source: str
    subject: str
    client: str
    applicant: str
    occurred_at_us: int
    recorded_at_us: int
    stream: str
    partition_key: str
    keyseq: int
    correlation: str
    causation: str
    minor: int
    traceparent: str
    payload: bytes


Recorded = Record | Row

# Without the count of columns that `_make` takes: the statement that asked names them.
_NEW: Final[partial[Row]] = partial(tuple.__new__, Row)


def as_record(recorded: Recorded) -> Record:
    """Give an event as a message that can travel."""
    return Record(**recorded._asdict()) if isinstance(recorded, Row) else recorded


def as_rows(found: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Give what a database found, in the order of `Row`, as rows."""
    return list(map(_NEW, found))
