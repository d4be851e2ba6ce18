"""The journal's tables on SQLite: how they are made, and the few statements that write and read them.

The writer holds the one write lock (`BEGIN IMMEDIATE`), so position = head + 1 is dense and in commit order.
Raw SQL, no models: an ORM insert costs more than the rest of the event (facts/events.md §3), and Django's
`flush` would try to empty a table that refuses it. PostgreSQL will get a module like this one beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from protocol.schemas.journal_v1_pb2 import Record

__all__ = [
    "CREATE",
    "DATABASE",
    "DROP",
    "Tip",
    "data_version",
    "insert",
    "known_classes",
    "mark_known",
    "next_keyseq",
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
_ROW: Final = "(" + ", ".join(["%s"] * len(_COLUMNS)) + ")"

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
    # The last number given within each order key.
    "CREATE TABLE journal_key (key TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
    # An epoch holds from its first position on.
    "CREATE TABLE journal_epoch (first_position INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE)",
    # Which keys sealed events rest on: one of these that the key store lacks is lost, never new.
    """
    CREATE TABLE journal_sealed_by (
        applicant TEXT NOT NULL, personal_class TEXT NOT NULL, PRIMARY KEY (applicant, personal_class)
    ) WITHOUT ROWID
    """,
)
DROP: Final = tuple(
    f"DROP TABLE {name}" for name in ("journal", "journal_key", "journal_epoch", "journal_sealed_by")
)

_INSERT: Final = f"INSERT INTO journal ({_NAMES}) VALUES "  # noqa: S608 - constants of this module
_SELECT: Final = f"SELECT {_NAMES} FROM journal "  # noqa: S608 - constants of this module
_TIP: Final = """
    SELECT (SELECT epoch FROM journal_epoch ORDER BY first_position DESC LIMIT 1), position, sequenced_at_us
    FROM (SELECT 1) LEFT JOIN (SELECT position, sequenced_at_us FROM journal ORDER BY position DESC LIMIT 1)
"""
_KEYSEQ: Final = """
    INSERT INTO journal_key (key, seq) VALUES (%s, %s)
    ON CONFLICT (key) DO UPDATE SET seq = seq + excluded.seq RETURNING seq
"""


class Tip(NamedTuple):
    """The end of the journal: its epoch ("" before the first), last position, and that event's time."""

    epoch: str
    position: int
    sequenced_at_us: int


def _journal() -> BaseDatabaseWrapper:
    return connections[DATABASE]


def tip() -> Tip:
    """Read the end of the journal."""
    with _journal().cursor() as cursor:
        cursor.execute(_TIP)
        epoch, position, sequenced = cursor.fetchone()
    return Tip(epoch or "", position or 0, sequenced or 0)


def start_epoch(epoch: str, first_position: int) -> None:
    """Open an epoch, inside the transaction of its first event."""
    with _journal().cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_epoch (first_position, epoch) VALUES (%s, %s)", (first_position, epoch)
        )


def next_keyseq(key: str, count: int) -> int:
    """Reserve `count` numbers of an order key; gives the first."""
    with _journal().cursor() as cursor:
        cursor.execute(_KEYSEQ, (key, count))
        return int(cursor.fetchone()[0]) - count + 1


def insert(records: Sequence[Record]) -> None:
    """Write records that have their positions, in one statement."""
    values = [getattr(record, name) for record in records for name in _COLUMNS]
    with _journal().cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_ROW] * len(records)), values)


def read(
    after: int, *, through: int, streams: Sequence[str] | None, subject: str | None, limit: int
) -> list[Record]:
    """Read records in order, after one position up to another; None: every stream, every subject."""
    where = ["position > %s AND position <= %s"]
    values: list[str | int | bytes] = [after, through, *(streams or ())]
    if streams is not None:
        where.append(f"stream IN ({', '.join(['%s'] * len(streams))})")
    if subject is not None:
        where.append("partition_key = %s")  # the subject of every event; its index serves
        values.append(subject)
    return _select(f"WHERE {' AND '.join(where)} ORDER BY position LIMIT %s", [*values, limit])


def stored(ids: Iterable[UUID]) -> list[Record]:
    """Find those of some events that the journal has already."""
    wanted = [event_id.bytes for event_id in ids]
    return _select(f"WHERE id IN ({', '.join(['%s'] * len(wanted))})", wanted) if wanted else []


def known_classes(applicant: str) -> set[str]:
    """List the personal classes of an applicant that sealed events rest on."""
    with _journal().cursor() as cursor:
        cursor.execute("SELECT personal_class FROM journal_sealed_by WHERE applicant = %s", (applicant,))
        return {str(row[0]) for row in cursor.fetchall()}


def mark_known(used: Iterable[tuple[str, str]]) -> None:
    """Remember that sealed events rest on these (applicant, personal class), in their transaction."""
    with _journal().cursor() as cursor:
        for pair in used:
            cursor.execute("INSERT OR IGNORE INTO journal_sealed_by VALUES (%s, %s)", pair)


def data_version() -> tuple[int, int]:
    """Give a value that changes when anyone, this connection included, has changed the file."""
    connection = _journal()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0]), int(connection.connection.total_changes)


def _select(where: str, values: Sequence[str | int | bytes]) -> list[Record]:
    with _journal().cursor() as cursor:
        cursor.execute(_SELECT + where, values)
        return [Record(**dict(zip(_COLUMNS, row, strict=True))) for row in cursor.fetchall()]
