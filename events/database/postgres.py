"""The journal's tables on PostgreSQL: writers fill an outbox, the sequencer moves it into the journal.

A writer takes the lock of its events' order keys (`journal_key`) *before* it decides and inserts, and keeps
it to the end of its transaction: so events of one key are inserted in the order in which they commit, and a
command decides on the newest state. Nothing else is locked, and nobody is notified, inside a business
transaction: of five designs measured, only this one lost nothing, kept the order and left the writers free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
from django.db import connections

from events.database import quarantine
from events.database.outbox import LastSeen, insert_statement
from events.database.rows import (
    COLUMNS,
    DATABASE,
    SAID,
    Backlog,
    Place,
    Quarantined,
    Tip,
    values_of,
)
from events.database.sequencing import move
from events.database.waking import watch
from protocol.envelope import Envelope
from protocol.records import Row, as_rows

__all__ = ["PostgresJournal"]

_SAID_TYPES: Final = """
        id BYTEA NOT NULL UNIQUE CHECK (octet_length(id) = 16),
        type TEXT NOT NULL, source TEXT NOT NULL, subject TEXT NOT NULL, client TEXT NOT NULL,
        applicant TEXT NOT NULL, occurred_at_us BIGINT NOT NULL, recorded_at_us BIGINT NOT NULL,
        stream TEXT NOT NULL, partition_key TEXT NOT NULL, keyseq BIGINT NOT NULL,
        correlation TEXT NOT NULL, causation TEXT NOT NULL,
        minor INTEGER NOT NULL, traceparent TEXT NOT NULL, payload BYTEA NOT NULL,
        UNIQUE (partition_key, keyseq)
"""
_CREATE: Final = (
    f"""
    CREATE TABLE journal (
        position BIGINT PRIMARY KEY CHECK (position > 0), sequenced_at_us BIGINT NOT NULL,
        epoch TEXT NOT NULL, unit BIGINT NOT NULL, unit_last BIGINT NOT NULL, {_SAID_TYPES}
    )
    """,
    """
    CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the journal is never changed, shortened or emptied'; END $$
    """,
    *(
        f"CREATE TRIGGER journal_refuses_{word} BEFORE {word} ON journal EXECUTE FUNCTION journal_refuses()"
        for word in ("update", "delete", "truncate")
    ),
    # An epoch holds from its first position on.
    "CREATE TABLE journal_epoch (first_position BIGINT PRIMARY KEY, epoch TEXT NOT NULL UNIQUE)",
    # A transaction is told by its id and its beginning: after a restore into a new cluster ids come again.
    # Rows live for milliseconds, so their dead versions have to be cleared long before a share of a large
    # table would be dead.
    f"""
    CREATE TABLE journal_outbox (
        number BIGINT GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
        xact BIGINT NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
        begun_at TIMESTAMPTZ NOT NULL DEFAULT transaction_timestamp(), {_SAID_TYPES}
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
            autovacuum_vacuum_cost_delay = 0)
    """,
    "CREATE INDEX journal_outbox_unit ON journal_outbox (xact, begun_at, number)",
    # The last number of each order key; the row is also the key's lock. Free space: updates stay in the page.
    """
    CREATE TABLE journal_key (partition_key TEXT PRIMARY KEY, last BIGINT NOT NULL) WITH (fillfactor = 70)
    """,
    # Which keys sealed events rest on: one of these that the key store lacks is lost, never new.
    """
    CREATE TABLE journal_sealed_by (
        applicant TEXT NOT NULL, personal_class TEXT NOT NULL, PRIMARY KEY (applicant, personal_class)
    )
    """,
    *quarantine.CREATE,
)
_TABLES: Final = (
    "journal_quarantine",
    "journal_outbox",
    "journal",
    "journal_epoch",
    "journal_key",
    "journal_sealed_by",
)
_DROP: Final = (f"DROP TABLE {', '.join(_TABLES)}", "DROP FUNCTION journal_refuses()")
_TRIGGERS: Final = ("journal_refuses_delete", "journal_refuses_truncate", "journal_refuses_update")
_SETTLE_AT_ONCE: Final = 1 << 30

_NAMES: Final = ", ".join(COLUMNS)
_NO_PLACE: Final = ", ".join(["0, 0, '', 0, 0", *SAID])
_TIP: Final = """
    SELECT (SELECT epoch FROM journal_epoch ORDER BY first_position DESC LIMIT 1), position, sequenced_at_us
    FROM (SELECT) AS one
    LEFT JOIN (SELECT position, sequenced_at_us FROM journal ORDER BY position DESC LIMIT 1) AS last ON true
"""
_STORED: Final = " UNION ALL ".join(
    f"SELECT {names} FROM {table} WHERE id = ANY(%s)"  # noqa: S608 - constants
    for table, names in (
        ("journal", _NAMES),
        ("journal_outbox", _NO_PLACE),
        ("journal_quarantine", _NO_PLACE),
    )
)
_NEW_KEYS: Final = """
    INSERT INTO journal_key (partition_key, last) SELECT unnest(%s::text[]), 0 ON CONFLICT DO NOTHING
"""
_LOCK: Final = """
    SELECT partition_key, last FROM journal_key WHERE partition_key = ANY(%s)
    ORDER BY partition_key COLLATE "C" FOR UPDATE
"""
_NUMBER: Final = """
    INSERT INTO journal_key AS k (partition_key, last) VALUES (%s, %s)
    ON CONFLICT (partition_key) DO UPDATE SET last = k.last + excluded.last RETURNING last
"""


class PostgresJournal:
    """A `JournalDatabase` on PostgreSQL."""

    create = _CREATE
    drop = _DROP

    def __init__(self) -> None:
        self._seen = LastSeen()

    def tip(self) -> Tip:
        """Read the end; see `JournalDatabase`."""
        ((epoch, position, sequenced),) = _rows(_TIP)
        return Tip(epoch or "", position or 0, sequenced or 0)

    def read(
        self, after: int, *, through: int, streams: Sequence[str] | None, subject: str | None, limit: int
    ) -> list[Row]:
        """Read records in order; see `JournalDatabase`."""
        values: list[object] = [after, through]
        where = "position > %s AND position <= %s"
        if streams is not None:
            where, values = f"{where} AND stream = ANY(%s)", [*values, list(streams)]
        if subject is not None:
            # The subject of every event; its index serves.
            where, values = f"{where} AND partition_key = %s", [*values, subject]
        sql = f"SELECT {_NAMES} FROM journal WHERE {where} ORDER BY position LIMIT %s"  # noqa: S608 - ours
        return as_rows(_rows(sql, [*values, limit]))

    def hold(self, keys: Collection[str]) -> None:
        """Lock the rows of some keys, lowest first: two who want the same ones cannot block each other."""
        wanted = sorted(set(keys))
        found = _rows(_LOCK, [wanted])
        if len(found) < len(wanted):
            _execute(_NEW_KEYS, [wanted])
            found = _rows(_LOCK, [wanted])
        self._seen.numbers = dict(found)

    def stored(self, ids: Sequence[UUID]) -> list[Row]:
        """Find events said before: those that wait without their place.

        In one statement, which sees one state: while the sequencer moves an event from one table into
        another, whoever looked at them in turns could miss it in each.
        """
        wanted = [event_id.bytes for event_id in ids]
        return as_rows(_rows(_STORED, [wanted] * 3)) if wanted else []

    def take_numbers(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Take numbers, lowest key first: the first of its statements that writes a key locks it.

        Of one key whose last number this thread has seen, `insert` takes them in its own statement.
        """
        if len(counts) == 1 and counts.keys() <= self._seen.numbers.keys():
            return {key: self._seen.numbers[key] + 1 for key in counts}
        self._seen.numbers = {}
        ordered = sorted(counts.items())
        return {key: _rows(_NUMBER, [key, count])[0][0] - count + 1 for key, count in ordered}

    def place(self, count: int, *, now_us: int) -> Place:
        """Say that the sequencer gives the place."""
        del count
        return Place("", 0, now_us)

    def insert(
        self, events: Sequence[tuple[Envelope, bytes]], *, sealed_by: Sequence[tuple[str, str]]
    ) -> bool:
        """Write events into the outbox; see `JournalDatabase`."""
        first, last = events[0][0], events[-1][0]
        before = self._seen.numbers.get(first.partition_key)
        statement = insert_statement(len(events), numbered=before is not None, sealed=bool(sealed_by))
        values: list[object] = [] if before is None else [last.keyseq, last.partition_key, before]
        values += [list(names) for names in zip(*sealed_by, strict=True)]
        values += [value for envelope, payload in events for value in values_of(SAID, envelope, payload)]
        written = _execute(statement, values).rowcount > 0
        self._seen.numbers = {last.partition_key: last.keyseq} if written else {}
        return written

    def known_classes(self, applicant: str) -> set[str]:
        """List classes in use; see `JournalDatabase`."""
        rows = _rows("SELECT personal_class FROM journal_sealed_by WHERE applicant = %s", [applicant])
        return {row[0] for row in rows}

    def news(self) -> object:
        """Give what this process's one waiting connection has heard; see `waking`."""
        return watch()

    def backlog(self) -> Backlog:
        """Count what waits for the sequencer; see `JournalDatabase`."""
        ((records, oldest),) = _rows("SELECT count(*), min(recorded_at_us) FROM journal_outbox")
        return Backlog(records, oldest or 0)

    def quarantined(self) -> list[Quarantined]:
        """List the keys that wait; see `JournalDatabase`."""
        with connections[DATABASE].wrap_database_errors:
            return quarantine.quarantined(_connection())

    def release(self, key: str) -> tuple[frozenset[str], int]:
        """Give a key's events back; see `JournalDatabase`."""
        with connections[DATABASE].wrap_database_errors:
            return quarantine.release(_connection(), key)

    def settle(self) -> None:
        """Wait for writers under way, keep new ones out, and move what they said; see `JournalDatabase`."""
        # The quarantine first, as whoever sets aside or releases: two who want both cannot block each other.
        _execute("LOCK TABLE journal_quarantine, journal_outbox IN SHARE ROW EXCLUSIVE MODE")
        with connections[DATABASE].wrap_database_errors:
            try:
                with _connection().transaction():
                    moved = move(_connection(), limit=_SETTLE_AT_ONCE)
            except psycopg.errors.UniqueViolation:
                moved = None
            if moved is None or moved.held:
                quarantine.move_others(_connection(), limit=_SETTLE_AT_ONCE)

    def unprotected(self) -> list[str]:
        """Name missing triggers; see `JournalDatabase`."""
        found = _rows(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'journal'::regclass AND tgenabled IN ('O', 'A')"
        )
        return sorted(set(_TRIGGERS) - {row[0] for row in found})


def _rows(sql: str, values: Sequence[Any] = ()) -> list[Any]:
    return _execute(sql, values).fetchall()


def _execute(sql: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
    """Run a statement on Django's connection, in its transaction, its values and rows in binary form.

    Django's own cursor writes values into the statement's text: twice the bytes for a payload.
    """
    with connections[DATABASE].wrap_database_errors:
        return psycopg.Cursor(_connection()).execute(sql, values, binary=True)


def _connection() -> psycopg.Connection[Any]:
    django = connections[DATABASE]
    if django.connection is None:
        django.ensure_connection()
    found: psycopg.Connection[Any] = django.connection
    return found
