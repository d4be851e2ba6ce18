"""What the journal's rows are on every database: their columns, and the way from an event and to a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from protocol.envelope import Envelope
from protocol.records import Row

__all__ = [
    "COLUMNS",
    "DATABASE",
    "SAID",
    "Backlog",
    "Place",
    "Quarantined",
    "Tip",
    "Value",
    "said_row",
    "values_of",
]

DATABASE: Final = "default"

Value = str | int | bytes

# What a writer knows of its event …
SAID: Final = (
    *("id", "type", "source", "subject", "client", "applicant", "occurred_at_us", "recorded_at_us"),
    *("stream", "partition_key", "keyseq", "correlation", "causation", "minor", "traceparent", "payload"),
)
# … and all that is known when it has its place.
COLUMNS: Final = Row._fields


class Tip(NamedTuple):
    """The end of the journal: its epoch ("" before the first), last position, and that event's time."""

    epoch: str
    position: int
    sequenced_at_us: int


class Backlog(NamedTuple):
    """Events committed and without a position; `oldest_us` is when the oldest was recorded, or 0."""

    records: int
    oldest_us: int


class Quarantined(NamedTuple):
    """A key whose events wait in quarantine: how many, since when (us since 1970), and the first's reason."""

    key: str
    events: int
    since_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the events of one call will lie; `first` 0: the sequencer gives them their positions later."""

    epoch: str
    first: int
    sequenced_at_us: int


def said_row(values: Sequence[Any]) -> Row:
    """Read what a writer knows of its event; its place stays empty."""
    return Row(0, 0, "", 0, 0, *values)


def values_of(names: Sequence[str], e: Envelope, payload: bytes) -> list[Value]:
    """Write an event in the order of some columns; the payload is their last."""
    record = e.record
    return [*(getattr(record, name) for name in names[:-1]), payload]
