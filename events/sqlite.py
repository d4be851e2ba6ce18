"""The journal's tables on SQLite: how they are made, and the few statements that write and read them.

The writer holds the one write lock (`BEGIN IMMEDIATE`), so position = head + 1 is dense and in commit order.
Raw SQL, no models: an ORM insert costs more than the rest of the event (facts/events.md §3), and Django's
`flush` would try to empty a table that refuses it. PostgreSQL will get a module like this one beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connections

from protocol.envelope import Envelope
from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record

__all__ = [
    "CREATE",
    "DATABASE",
    "DROP",
    "Tip",
    "data_version",
    "insert",
    "known_classes",
    "last_keyseq",
    "mark_known",
    "read",
    "start_epoch",
    "stored",
    "tip",
]

DATABASE: Final = "default"

_COLUMNS: Final = (
    "position",
    "id",
    "type",
    "source",
    "subject",
    "client",
    "applicant",
    "occurred_at_us",
    "recorded_at_us",
    "sequenced_at_us",
    "epoch",
    "unit",
    "unit_last",
    "stream",
    "partition_key",
    "keyseq",
    "correlation",
    "causation",
    "minor",
    "traceparent",
    "payload",
)
_NAMES: Final = ", ".join(_COLUMNS)
_ROW: Final = "(" + ", ".join("?" * len(_COLUMNS)) + ")"

CREATE: Final = (
    """
    CREATE TABLE journal (
        position INTEGER PRIMARY KEY CHECK (position > 0),
        id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
        type TEXT NOT NULL, source TEXT NOT NULL, subject TEXT NOT NULL, client TEXT NOT NULL,
        applicant TEXT NOT NULL,
        occurred_at_us INTEGER NOT NULL, recorded_at_us INTEGER NOT NULL, sequenced_at_us INTEGER NOT NULL,
        epoch TEXT NOT NULL, unit INTEGER NOT NULL, unit_last INTEGER NOT NULL,
        stream TEXT NOT NULL, partition_key TEXT NOT NULL, keyseq INTEGER NOT NULL,
        correlation TEXT NOT NULL, causation TEXT NOT NULL,
        minor INTEGER NOT NULL, traceparent TEXT NOT NULL, payload BLOB NOT NULL,
        UNIQUE (partition_key, keyseq)
    )
    """,
    """
    CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END
    """,
    """
    CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is never shortened'); END
    """,
    # An epoch holds from its first position on.
    "CREATE TABLE journal_epoch (first_position INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE)",
    # Which keys sealed events rest on: one of these that the key store lacks is lost, never new.
    """
    CREATE TABLE journal_sealed_by (
        applicant TEXT NOT NULL, personal_class TEXT NOT NULL, PRIMARY KEY (applicant, personal_class)
    ) WITHOUT ROWID
    """,
)
DROP: Final = tuple(f"DROP TABLE {name}" for name in ("journal", "journal_epoch", "journal_sealed_by"))

_INSERT: Final = f"INSERT INTO journal ({_NAMES}) VALUES "  # noqa: S608 - constants of this module
_SELECT: Final = f"SELECT {_NAMES} FROM journal "  # noqa: S608 - constants of this module
_TIP: Final = """
    SELECT (SELECT epoch FROM journal_epoch ORDER BY first_position DESC LIMIT 1), position, sequenced_at_us
    FROM (SELECT 1) LEFT JOIN (SELECT position, sequenced_at_us FROM journal ORDER BY position DESC LIMIT 1)
"""
_Value = str | int | bytes


class Tip(NamedTuple):
    """The end of the journal: its epoch ("" before the first), last position, and that event's time."""

    epoch: str
    position: int
    sequenced_at_us: int


def tip() -> Tip:
    """Read the end of the journal."""
    epoch, position, sequenced = _execute(_TIP).fetchone()
    return Tip(epoch or "", position or 0, sequenced or 0)


def start_epoch(epoch: str, first_position: int) -> None:
    """Open an epoch, inside the transaction of its first event."""
    _execute("INSERT INTO journal_epoch (first_position, epoch) VALUES (?, ?)", (first_position, epoch))


def last_keyseq(key: str) -> int:
    """Give the last number of an order key, 0 before its first; the write lock keeps the next one free."""
    (last,) = _execute("SELECT max(keyseq) FROM journal WHERE partition_key = ?", (key,)).fetchone()
    return last or 0


def insert(events: Sequence[tuple[Envelope, bytes]]) -> None:
    """Write events that have their positions, each with its payload, in one statement."""
    values = [value for envelope, payload in events for value in _row(envelope, payload)]
    _execute(_INSERT + ", ".join([_ROW] * len(events)), values)


def read(
    after: int, *, through: int, streams: Sequence[str] | None, subject: str | None, limit: int
) -> list[Record]:
    """Read records in order, after one position up to another; None: every stream, every subject."""
    where = ["position > ? AND position <= ?"]
    values: list[_Value] = [after, through, *(streams or ())]
    if streams is not None:
        where.append(f"stream IN ({', '.join('?' * len(streams))})")
    if subject is not None:
        where.append("partition_key = ?")  # the subject of every event; its index serves
        values.append(subject)
    return _select(f"WHERE {' AND '.join(where)} ORDER BY position LIMIT ?", [*values, limit])


def stored(ids: Iterable[UUID]) -> list[Record]:
    """Find those of some events that the journal has already."""
    wanted = [event_id.bytes for event_id in ids]
    return _select(f"WHERE id IN ({', '.join('?' * len(wanted))})", wanted) if wanted else []


def known_classes(applicant: str) -> set[str]:
    """List the personal classes of an applicant that sealed events rest on."""
    rows = _execute("SELECT personal_class FROM journal_sealed_by WHERE applicant = ?", (applicant,))
    return {str(row[0]) for row in rows}


def mark_known(used: Iterable[tuple[str, str]]) -> None:
    """Remember that sealed events rest on these (applicant, personal class), in their transaction."""
    for pair in used:
        _execute("INSERT OR IGNORE INTO journal_sealed_by VALUES (?, ?)", pair)


def data_version() -> tuple[int, int]:
    """Give a value that changes when anyone, this connection included, has changed the file."""
    version = int(_execute("PRAGMA data_version").fetchone()[0])
    return version, int(connections[DATABASE].connection.total_changes)


def _select(where: str, values: Sequence[_Value]) -> list[Record]:
    rows = _execute(_SELECT + where, values)
    return [Record(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _execute(sql: str, values: Sequence[_Value] = ()) -> sqlite3.Cursor:
    """Run a statement on Django's connection, in its transaction: Django's cursor costs as much again."""
    connection = connections[DATABASE]
    if connection.connection is None:
        connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: sqlite3.Cursor = connection.connection.execute(sql, values)
        return cursor


def _row(e: Envelope, payload: bytes) -> tuple[_Value, ...]:
    """Write an event in the order of the columns."""
    return (
        *(e.position, e.id.bytes, e.type, e.source, e.subject, e.client, e.applicant),
        *(to_us(e.occurred_at), to_us(e.recorded_at), to_us(e.sequenced_at)),
        *(e.epoch, e.unit, e.unit_last, e.stream, e.partition_key, e.keyseq),
        *(e.correlation, e.causation, e.minor, e.traceparent, payload),
    )
