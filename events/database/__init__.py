"""The journal's tables, on the database that this installation has: SQLite for one machine, or PostgreSQL.

The port says what each adapter does; `journal_database()` gives the one that fits.
"""

from __future__ import annotations

from typing import Final

from django.db import connections

from events.database.port import JournalDatabase
from events.database.postgres import PostgresJournal
from events.database.rows import DATABASE, Backlog, Place, Quarantined, Tip
from events.database.sqlite import SqliteJournal

__all__ = [
    "ADAPTERS",
    "DATABASE",
    "Backlog",
    "JournalDatabase",
    "Place",
    "Quarantined",
    "Tip",
    "journal_database",
]

ADAPTERS: Final[dict[str, JournalDatabase]] = {"sqlite": SqliteJournal(), "postgresql": PostgresJournal()}


def journal_database() -> JournalDatabase:
    """Give the adapter for the main database."""
    return ADAPTERS[connections[DATABASE].vendor]
