"""The journal as no product would leave it: put back from a back-up, or written into by another build."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections

from events.database import DATABASE, journal_database
from events.journal import head
from events.models import RelayState

__all__ = ["change_journal", "put_back"]


def put_back(position: int) -> None:
    """Have the journal be what a back-up of that position holds."""
    change_journal("DELETE FROM journal WHERE position > %s", [position])
    RelayState.objects.filter(position__gt=position).update(position=position)


def change_journal(statement: str, values: Sequence[int] = ()) -> None:
    """Run a statement that the journal's triggers refuse; they are there again afterwards."""
    head()  # What was said so far has its place.
    creating = [sql for sql in journal_database().create if "CREATE TRIGGER" in sql]
    with connections[DATABASE].cursor() as cursor:
        for sql in creating:
            cursor.execute(f"DROP TRIGGER {sql.split()[2]}{_on()}")
        cursor.execute(statement, values)
        for sql in creating:
            cursor.execute(sql)


def _on() -> str:
    return " ON journal" if connections[DATABASE].vendor == "postgresql" else ""
