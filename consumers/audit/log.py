"""The log in the service's own database, which refuses to change it; and the views among its entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from consumers.audit.entries import FIELDS, START, Entry, Kind, chained, new_epoch, of_event
from consumers.audit.errors import Hole
from protocol.catalogue import type_name
from protocol.records import Recorded
from protocol.schemas.verification_v1_pb2 import PersonalDataViewed
from subscriber import PostgresStore, Store, Value

__all__ = ["VIEWED", "Kept", "append", "entries", "entry_at", "last", "prepare"]

VIEWED: Final = type_name(PersonalDataViewed)
_COLUMNS: Final = (*FIELDS, "hash")
_NUMBERS: Final = {"position", "occurred_at_us", "recorded_at_us", "sequenced_at_us"}
_TABLES: Final = ("audit_entry", "audit_view")
_CREATE: Final = (
    f"""
    CREATE TABLE IF NOT EXISTS audit_entry (
        number BIGINT PRIMARY KEY,
        {", ".join(f"{name} {'BIGINT' if name in _NUMBERS else 'TEXT'} NOT NULL" for name in FIELDS[1:])},
        hash BLOB NOT NULL
    )
    """,
    # The payload of an entry that tells of a view: ids and words, and whatever is sealed stays sealed.
    """
    CREATE TABLE IF NOT EXISTS audit_view (
        number BIGINT PRIMARY KEY, staff TEXT NOT NULL, payload BLOB NOT NULL
    )
    """,
    f"CREATE INDEX IF NOT EXISTS audit_entry_views ON audit_entry (number) WHERE type = '{VIEWED}'",
)
_SQLITE: Final = (
    *(
        f"CREATE TRIGGER IF NOT EXISTS {table}_refuses_{word.lower()} BEFORE {word} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever appended to'); END"
        for table in _TABLES
        for word in ("UPDATE", "DELETE")
    ),
    # INSERT OR REPLACE deletes without asking the trigger for that.
    *(
        f"CREATE TRIGGER IF NOT EXISTS {table}_refuses_replace BEFORE INSERT ON {table} "  # noqa: S608 - of two
        f"WHEN NEW.number <= (SELECT max(number) FROM {table}) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever appended to'); END"
        for table in _TABLES
    ),
)
_POSTGRES: Final = (
    """
    CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit log is only ever appended to'; END $$
    """,
    *(
        f"CREATE OR REPLACE TRIGGER {table}_refuses_{word.lower()} BEFORE {word} ON {table} "
        "EXECUTE FUNCTION audit_refuses()"
        for table in _TABLES
        for word in ("UPDATE", "DELETE", "TRUNCATE")
    ),
)
# Rows a statement: some sizes only, as each is a statement that is prepared and kept.
_SIZES: Final = (256, 16, 1)
_PAGE: Final = 2_000


class Kept(NamedTuple):
    """An entry and its hash, 32 bytes, as they lie in the log or in an export."""

    entry: Entry
    hash: bytes


def prepare(store: Store) -> None:
    """Make the tables where there are none, and have the database refuse every change of a row."""
    guards = _POSTGRES if isinstance(store, PostgresStore) else _SQLITE
    with store.transaction():
        for statement in (*_CREATE, *guards):
            store.execute(statement)


def append(records: Sequence[Recorded], store: Store) -> None:
    """Log events, in the caller's transaction; they follow those that are logged without a hole.

    Raises:
        Hole: one between them was not given: nothing may be logged.
    """
    kept = list(_chain(last(store), records))
    _insert(store, "audit_entry", _COLUMNS, [(*entry, hash_) for entry, hash_ in kept])
    payloads = {(r.epoch, r.position): r.payload for r in records if r.type == VIEWED}
    views = [
        (entry.number, _staff(payload), payload)
        for entry, _ in kept
        if entry.kind == Kind.EVENT and (payload := payloads.get((entry.epoch, entry.position))) is not None
    ]
    _insert(store, "audit_view", ("number", "staff", "payload"), views)


def last(store: Store) -> Kept | None:
    """Give the log's last entry; None: it has none."""
    rows = store.execute(f"SELECT {', '.join(_COLUMNS)} FROM audit_entry ORDER BY number DESC LIMIT 1")  # noqa: S608 - ours
    return _kept(rows[0]) if rows else None


def entry_at(store: Store, number: int) -> Kept | None:
    """Give the entry of a number; None: the log has not come so far."""
    rows = store.execute(f"SELECT {', '.join(_COLUMNS)} FROM audit_entry WHERE number = ?", (number,))  # noqa: S608 - ours
    return _kept(rows[0]) if rows else None


def entries(store: Store, after: int = 0) -> Iterator[Kept]:
    """Read the log from after a number on, in order, page by page."""
    while rows := store.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM audit_entry WHERE number > ? ORDER BY number LIMIT ?",  # noqa: S608 - ours
        (after, _PAGE),
    ):
        yield from map(_kept, rows)
        after = int(rows[-1][0])


def _chain(tail: Kept | None, records: Iterable[Recorded]) -> Iterator[Kept]:
    number, hash_ = (tail.entry.number, tail.hash) if tail else (0, START)
    epoch, position = (tail.entry.epoch, tail.entry.position) if tail else ("", 0)
    for record in records:
        if epoch not in {"", record.epoch} and record.position <= position + 1:
            number, position = number + 1, record.position - 1
            entry = new_epoch(number, record.epoch, position)
            yield Kept(entry, hash_ := chained(hash_, entry))
        if record.position != position + 1:
            raise Hole(
                f"the event at {record.epoch}-{record.position} would follow position {position} in the log: "
                "what lies between is on a stream that this build does not follow; start a newer build"
            )
        number, epoch, position = number + 1, record.epoch, record.position
        entry = of_event(number, record)
        yield Kept(entry, hash_ := chained(hash_, entry))


def _staff(payload: bytes) -> str:
    try:
        return PersonalDataViewed.FromString(payload).staff_id
    except DecodeError:
        # It is logged all the same: the log is of what came, and this came.
        return ""


def _insert(store: Store, table: str, columns: Sequence[str], rows: Sequence[tuple[Value, ...]]) -> None:
    mark, at = f"({', '.join('?' * len(columns))})", 0
    while at < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - at)
        values = [value for row in rows[at : at + size] for value in row]
        marks = ", ".join([mark] * size)
        store.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks}", values)  # noqa: S608 - ours
        at += size


def _kept(row: tuple[object, ...]) -> Kept:
    *values, hash_ = row
    return Kept(Entry._make(values), bytes(memoryview(hash_)))  # type: ignore[arg-type]  # a buffer
