"""What lies in the bank's database after all: its accounts, and its journal in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, cast

import psycopg

from examples.legacy.language.accounts_v1_pb2 import AccountOpened, LettersHandedOver, WelcomeLetterDue
from examples.legacy.language.streams import BANK

__all__ = ["Books", "read_books"]

_ACCOUNTS = "SELECT reference, letter FROM bank_account"
_STAGE = "SELECT name FROM bank_stage"
_JOURNAL = "SELECT type, subject, payload FROM journal ORDER BY position"


class Books(NamedTuple):
    """`stage` is how far the move has come, `letters` what the bank shows of each account's letter.

    `by` is who had to send it, by the account's event. `misplaced` are accounts whose event names another
    sender than the last hand-over before it. `taken_over` are those whose letter the bank left behind.
    """

    stage: str
    letters: dict[str, str]
    by: dict[str, str]
    misplaced: list[str]
    taken_over: list[str]
    handovers: list[str]


def read_books(where: Path | str) -> Books:
    """Read them, from a SQLite file or a PostgreSQL address."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where, timeout=20)) as rows:
            return _read(lambda sql: rows.execute(sql).fetchall())
    with psycopg.connect(where) as server:
        return _read(lambda sql: cast("list[tuple[object, ...]]", server.execute(sql.encode()).fetchall()))


def _read(rows: Callable[[str], list[tuple[object, ...]]]) -> Books:
    letters = {str(reference): str(letter) for reference, letter in rows(_ACCOUNTS)}
    stage = next((str(name) for (name,) in rows(_STAGE)), "as_it_was")
    books, now_by = Books(stage, letters, {}, [], [], []), BANK
    for type_, subject, payload in rows(_JOURNAL):
        account, said = str(subject), bytes(cast("bytes", payload))
        match str(type_).rpartition(".")[2]:
            case "LettersHandedOver":
                now_by = LettersHandedOver.FromString(said).to
                books.handovers.append(now_by)
            case "AccountOpened":
                books.by[account] = AccountOpened.FromString(said).letter_by
                if books.by[account] != now_by:
                    books.misplaced.append(account)
            case "WelcomeLetterDue" if WelcomeLetterDue.FromString(said).why == "left":
                books.taken_over.append(account)
    return books
