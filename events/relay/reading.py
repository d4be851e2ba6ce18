"""The journal in batches for the relay: bounded in events and bytes, and never less than whole units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import DEFAULT_DB_ALIAS

from events.errors import WrongCheckpoint
from events.relay.leading import Checkpoint
from events.relay.messages import Message, messages
from events.store import DjangoStore
from protocol.catalogue import STREAMS
from protocol.records import Row, as_rows

__all__ = ["Batch", "read", "resume_at"]

# Beyond 2,000 events a transaction's own cost is lost in that of its messages.
_EVENTS: Final = 2_000
_BYTES: Final = 4 << 20
# Rows of one statement, so that 64 KiB payloads are noticed before there are many in memory.
_AT_ONCE: Final = 500
_KNOWN: Final = frozenset(stream.name for stream in STREAMS)
_SELECT: Final = f"SELECT {', '.join(Row._fields)} FROM journal WHERE position > ? ORDER BY position LIMIT ?"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole units, ready to be sent: everything up to `position`, the last of them of `epoch`."""

    messages: tuple[Message, ...]
    epoch: str
    position: int
    sequenced_at_us: int


def read(after: int) -> Batch | None:
    """Give the next batch after a position; None when there is nothing new.

    Raises:
        UnknownStream: the first event's stream is not in the catalogue.
    """
    rows: list[Row] = []
    size, at = 0, after
    while len(rows) < _EVENTS and size < _BYTES:
        piece = _rows(at, _AT_ONCE)
        rows += piece
        size += sum(len(row.payload) for row in piece)
        if len(piece) < _AT_ONCE:
            break
        at = piece[-1].position
    if rows and rows[-1].unit_last > rows[-1].position:
        rows += _rows(rows[-1].position, rows[-1].unit_last - rows[-1].position)
    return _batch(rows)


def resume_at(checkpoint: Checkpoint) -> int:
    """Find the position after which the journal has to be carried: the checkpoint's, or before a restore.

    A restore opens an epoch at the first position that differs; what the relay had carried of the time
    before, it carries again as the journal has it now, under the new epoch.

    Raises:
        WrongCheckpoint: this journal never had the checkpoint's epoch, or ends before its position.
    """
    epochs = DjangoStore(DEFAULT_DB_ALIAS).execute(
        "SELECT epoch, first_position FROM journal_epoch ORDER BY first_position"
    )
    names = [str(epoch) for epoch, _ in epochs]
    if not checkpoint.epoch:
        return checkpoint.position
    if checkpoint.epoch not in names:
        raise WrongCheckpoint(
            f"the relay had carried up to {checkpoint.epoch}-{checkpoint.position}, and the journal has no "
            f"such epoch ({', '.join(names) or 'it is empty'}): find the last event of both histories, then "
            "`manage.py relay --new-cluster --after POSITION`"
        )
    later = [first - 1 for _, first in epochs[names.index(checkpoint.epoch) + 1 :]]
    position = min([checkpoint.position, *(int(at) for at in later)])
    ((end,),) = DjangoStore(DEFAULT_DB_ALIAS).execute("SELECT coalesce(max(position), 0) FROM journal")
    head = int(end)
    if position > head:
        raise WrongCheckpoint(
            f"the relay had carried up to {checkpoint.epoch}-{checkpoint.position}, and the journal ends at "
            f"{head} without a new epoch: it was restored wrongly, or this is another database"
        )
    return position


def _rows(after: int, limit: int) -> list[Row]:
    return as_rows(DjangoStore(DEFAULT_DB_ALIAS).execute(_SELECT, (after, limit)))


def _before_strangers(rows: list[Row]) -> list[Row]:
    """Leave off everything from a newer build's stream on, as long as there is something before it."""
    strange = next((row.unit for row in rows if row.stream not in _KNOWN), None)
    if strange is None:
        return rows
    return [row for row in rows if row.unit < strange] or rows


def _batch(rows: list[Row]) -> Batch | None:
    """Leave out a unit whose end is not there yet."""
    if rows and rows[-1].unit_last > rows[-1].position:
        begun = rows[-1].unit
        rows = [row for row in rows if row.unit < begun]
    rows = _before_strangers(rows)
    if not rows:
        return None
    last = rows[-1]
    return Batch(tuple(messages(rows)), last.epoch, last.position, last.sequenced_at_us)
