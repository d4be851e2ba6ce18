"""The journal's epochs: a new one begins when a back-up was put back, so no position means two events."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import connections, transaction

from events.database import DATABASE, journal_database
from events.errors import NothingToDeclare
from events.journal import head
from subscriber.lineage import Lineage

__all__ = ["Declared", "declare_restored", "lineage"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A new epoch: positions up to `common` are those of the one before, `first` is the next event's."""

    epoch: str
    common: int

    @property
    def first(self) -> int:
        """The position that the next event gets."""
        return self.common + 1


def lineage() -> Lineage:
    """List the journal's epochs, each with its first position."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("SELECT first_position, epoch FROM journal_epoch ORDER BY first_position")
        return Lineage(tuple((int(first), str(epoch)) for first, epoch in cursor.fetchall()))


def declare_restored() -> Declared:
    """Start a new epoch after the journal's end: run once, after a back-up was put back, before all else.

    Raises:
        NothingToDeclare: the journal has no event, or its epoch has none yet: it was declared already.
    """
    with transaction.atomic(using=DATABASE):
        # What waits for its position has been said before: it is still of the epoch that ends here.
        journal_database().settle()
        end = head()
        if end.position == 0:
            raise NothingToDeclare("the journal is empty: there is nothing that a reader could have seen")
        if lineage().starts[-1][0] > end.position:
            raise NothingToDeclare(f"epoch {end.epoch} has no event yet: the restore is declared already")
        declared = Declared(secrets.token_hex(4), end.position)
        with connections[DATABASE].cursor() as cursor:
            cursor.execute(
                "INSERT INTO journal_epoch (first_position, epoch) VALUES (%s, %s)",
                [declared.first, declared.epoch],
            )
    return declared
