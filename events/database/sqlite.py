"""The journal's tables on SQLite: how they are made, and the few statements that write and read them.

The writer holds the one write lock (`BEGIN IMMEDIATE`), so position = head + 1 is dense and in commit order.
Raw SQL, no models: an ORM insert costs more than the rest of the event, and Django's `flush` would try to
empty a table that refuses it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db import connections

from events.database.rows import (
    COLUMNS,
    DATABASE,
    Backlog,
    Place,
    Quarantined,
    Tip,
    Value,
    values_of,
)
from protocol.envelope import Envelope
from protocol.records import Row, as_rows

__all__ = ["SqliteJournal"]

_NAMES: Final = ", ".join(COLUMNS)
_ROW: Final = "(" + ", ".join("?" * len(COLUMNS)) + ")"

_CREATE: Final = (
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
_DROP: Final = tuple(f"DROP TABLE {name}" for name in ("journal", "journal_epoch", "journal_sealed_by"))
_TRIGGERS: Final = ("journal_refuses_delete", "journal_refuses_update")

_INSERT: Final = f"INSERT INTO journal ({_NAMES}) VALUES "  # noqa: S608 - constants of this module
_SELECT: Final = f"SELECT {_NAMES} FROM journal "  # noqa: S608 - constants of this module
_TIP: Final = """
    SELECT (SELECT epoch FROM journal_epoch ORDER BY first_position DESC LIMIT 1), position, sequenced_at_us
    FROM (SELECT 1) LEFT JOIN (SELECT position, sequenced_at_us FROM journal ORDER BY position DESC LIMIT 1)
"""


class SqliteJournal:
    """A `JournalDatabase` in a SQLite file."""

    create = _CREATE
    drop = _DROP

    def tip(self) -> Tip:
        """Read the end; see `JournalDatabase`."""
        epoch, position, sequenced = _execute(_TIP).fetchone()
        return Tip(epoch or "", position or 0, sequenced or 0)

    def read(
        self, after: int, *, through: int, streams: Sequence[str] | None, subject: str | None, limit: int
    ) -> list[Row]:
        """Read records in order; see `JournalDatabase`."""
        where = ["position > ? AND position <= ?"]
        values: list[Value] = [after, through, *(streams or ())]
        if streams is not None:
            where.append(f"stream IN ({', '.join('?' * len(streams))})")
        if subject is not None:
            where.append("partition_key = ?")  # the subject of every event; its index serves
            values.append(subject)
        return _select(f"WHERE {' AND '.join(where)} ORDER BY position LIMIT ?", [*values, limit])

    def hold(self, keys: Collection[str]) -> None:
        """Do nothing: whoever has begun a transaction holds the one write lock already."""

    def stored(self, ids: Sequence[UUID]) -> list[Row]:
        """Find events said before; see `JournalDatabase`."""
        wanted = [event_id.bytes for event_id in ids]
        return _select(f"WHERE id IN ({', '.join('?' * len(wanted))})", wanted) if wanted else []

    def take_numbers(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Give the next number of each order key; the write lock keeps it free."""
        largest = "SELECT max(keyseq) FROM journal WHERE partition_key = ?"
        return {key: (_execute(largest, (key,)).fetchone()[0] or 0) + 1 for key in counts}

    def place(self, count: int, *, now_us: int) -> Place:
        """Give head + 1, and the later of now and the head's time; the first event opens an epoch."""
        del count
        tip = self.tip()
        epoch, first = tip.epoch or secrets.token_hex(4), tip.position + 1
        if not tip.epoch:
            _execute("INSERT INTO journal_epoch (first_position, epoch) VALUES (?, ?)", (first, epoch))
        return Place(epoch, first, max(now_us, tip.sequenced_at_us))

    def insert(
        self, events: Sequence[tuple[Envelope, bytes]], *, sealed_by: Sequence[tuple[str, str]]
    ) -> bool:
        """Write events; see `JournalDatabase`. The write lock kept their numbers free."""
        values = [value for envelope, payload in events for value in values_of(COLUMNS, envelope, payload)]
        _execute(_INSERT + ", ".join([_ROW] * len(events)), values)
        for pair in sealed_by:
            _execute("INSERT OR IGNORE INTO journal_sealed_by VALUES (?, ?)", pair)
        return True

    def known_classes(self, applicant: str) -> set[str]:
        """List classes in use; see `JournalDatabase`."""
        rows = _execute("SELECT personal_class FROM journal_sealed_by WHERE applicant = ?", (applicant,))
        return {str(row[0]) for row in rows}

    def news(self) -> tuple[int, int]:
        """Give a value that changes when anyone, this connection included, has changed the file."""
        version = int(_execute("PRAGMA data_version").fetchone()[0])
        return version, int(connections[DATABASE].connection.total_changes)

    def backlog(self) -> Backlog:
        """Tell that nothing waits: the writer gave each event its place."""
        return Backlog(0, 0)

    def quarantined(self) -> list[Quarantined]:
        """Tell that none is: a writer whose event is refused is told so itself."""
        return []

    def release(self, key: str) -> tuple[frozenset[str], int]:
        """Release nothing: nothing is ever set aside."""
        del key
        return frozenset(), 0

    def settle(self) -> None:
        """Do nothing: the transaction keeps writers out, and every event has its place."""

    def unprotected(self) -> list[str]:
        """Name missing triggers; see `JournalDatabase`."""
        found = _execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'")
        return sorted(set(_TRIGGERS) - {str(row[0]) for row in found})


def _select(where: str, values: Sequence[Value]) -> list[Row]:
    return as_rows(_execute(_SELECT + where, values))


def _execute(sql: str, values: Sequence[Value] = ()) -> sqlite3.Cursor:
    """Run a statement on Django's connection, in its transaction: Django's cursor costs as much again."""
    connection = connections[DATABASE]
    if connection.connection is None:
        connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: sqlite3.Cursor = connection.connection.execute(sql, values)
        return cursor
