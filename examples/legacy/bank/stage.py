"""How far the move has come: a row that each opening of an account reads in its own transaction.

A request decides under a lock that it shares with other requests and that the move takes alone. So each
account is opened wholly before a move or wholly after it, and the journal has them on the same side of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import connection, models, transaction

from events.journal import Draft, record
from examples.legacy.language.accounts_v1_pb2 import LettersHandedOver
from examples.legacy.language.streams import BANK, CAPABILITY, WELCOME

__all__ = ["STAGES", "Stage", "WrongMove", "glance", "hold", "move"]

AS_IT_WAS: Final = "as_it_was"
EMITS: Final = "emits"
HANDED_OVER: Final = "handed_over"
REMOVED: Final = "removed"
# In their order; a move goes to a neighbour, forwards or back.
STAGES: Final = (AS_IT_WAS, EMITS, HANDED_OVER, REMOVED)

# Any number that nothing else locks. Of PostgreSQL's locks this one is fair: a move that waits is not
# overtaken by ever new requests, as it would be on a row that they lock FOR SHARE.
_LOCK: Final = int.from_bytes(b"bankmove", "big")


class WrongMove(ValueError):
    """The stage has no such neighbour: go one step at a time."""


class Stage(models.Model):
    """The stage; one row, none before the first move."""

    name = models.CharField(max_length=16, default=AS_IT_WAS)

    objects: ClassVar[models.Manager[Stage]] = models.Manager()

    class Meta:
        """Its application is named, for tools that know another Django project only."""

        app_label = "bank"

    @property
    def says_events(self) -> bool:
        """From step 1 on."""
        return self.name != AS_IT_WAS

    @property
    def letters_by(self) -> str:
        """Who sends the letters of accounts that are opened at this stage."""
        return BANK if self.name in {AS_IT_WAS, EMITS} else WELCOME


def hold() -> Stage:
    """Read the stage in the caller's transaction; it stays so until that ends."""
    _lock(shared=True)
    return glance()


def glance() -> Stage:
    """Read the stage; it may be another one a moment later."""
    return Stage.objects.filter(pk=1).first() or Stage(pk=1)


def move(to: str, *, now: datetime) -> None:
    """Go one step on or back; when letters are sent by another one from now on, an event says so.

    Raises:
        WrongMove: it is no neighbour of the stage.
    """
    with transaction.atomic():
        _lock(shared=False)
        stage = glance()
        before = stage.letters_by
        if to not in STAGES or abs(STAGES.index(to) - STAGES.index(stage.name)) != 1:
            raise WrongMove(f"from {stage.name} to {to} is no step; they are {', '.join(STAGES)}")
        stage.name = to
        stage.save()
        if stage.letters_by != before:
            said = LettersHandedOver(to=stage.letters_by)
            record([Draft(message=said, subject=CAPABILITY, client=BANK, source=BANK)], now=now)


def _lock(*, shared: bool) -> None:
    """Lock the stage until the transaction ends; on SQLite whoever has begun one writes alone already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", [_LOCK])
