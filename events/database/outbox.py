"""How a writer on PostgreSQL numbers its events, puts them into the outbox and marks keys: in one statement.

Each statement is a way to the server and back, and a write with its event is to cost little more than the
write alone. Whoever has locked a key has read its last number with the lock (`hold`), so the next number
needs no question: the statement takes it if it is still free, and else writes nothing.

**Why a row is numbered after its key is locked.** The rows hang on a condition that is evaluated once, before
the first of them: that `taken` has a row, so that the key's row is locked. The order of events rests on it
(`sequencing`).
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Final

from events.database.rows import SAID

__all__ = ["LastSeen", "insert_statement"]

_NAMES: Final = ", ".join(SAID)
_TYPES: Final = {"id": "bytea", "payload": "bytea", "minor": "integer", "keyseq": "bigint"}
_TYPES_BY_END: Final = {True: "bigint", False: "text"}
_ROW: Final = ", ".join(f"%s::{_TYPES.get(name, _TYPES_BY_END[name.endswith('_us')])}" for name in SAID)
_TAKEN: Final = """
    taken AS (UPDATE journal_key SET last = %s WHERE partition_key = %s AND last = %s RETURNING last)
"""
_MARKED: Final = """
    marked AS (
        INSERT INTO journal_sealed_by SELECT * FROM unnest(%s::text[], %s::text[])
        ON CONFLICT DO NOTHING
    )
"""
_MARKED_IF_TAKEN: Final = _MARKED.replace("ON CONFLICT", "WHERE EXISTS (SELECT FROM taken) ON CONFLICT")


class LastSeen(threading.local):
    """The last numbers of keys that this thread saw lately: a guess, never trusted without a look.

    A transaction that was taken back, or another thread, makes it wrong.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}


@cache
def insert_statement(count: int, *, numbered: bool, sealed: bool) -> str:
    """Write the statement.

    Its values: with `numbered` the key's new last number, the key, and the last number it must still have;
    with `sealed` two lists, applicants and personal classes; then the events' columns.

    Args:
        count: of events.
        numbered: the statement takes the numbers, all of one key.
        sealed: some events have sealed fields.
    """
    marked = _MARKED_IF_TAKEN if numbered else _MARKED
    parts = [text for text, wanted in ((_TAKEN, numbered), (marked, sealed)) if wanted]
    before = f"WITH {', '.join(parts)} " if parts else ""
    condition = " WHERE EXISTS (SELECT FROM taken)" if numbered else ""
    rows = ", ".join([f"({_ROW})"] * count)
    return f"{before}INSERT INTO journal_outbox ({_NAMES}) SELECT * FROM (VALUES {rows}) AS said{condition}"  # noqa: S608 - ours
