"""Tables that are folds of the journal: who applies which event, which tables they are, and the replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from django.db import connections, router, transaction
from django.db.models import Model
from google.protobuf.message import Message

from events import sqlite
from protocol.catalogue import UnknownType, type_name
from protocol.envelope import Event, from_record

__all__ = ["Apply", "apply_all", "declared_models", "event_sourced", "projects", "rebuild", "replay"]

Apply = Callable[[Event], None]
_appliers: defaultdict[str, list[Apply]] = defaultdict(list)
_models: list[type[Model]] = []
_CHUNK = 1000


def projects(*messages: type[Message]) -> Callable[[Apply], Apply]:
    """Register a function that applies events of these messages to event-sourced tables.

    It is called in the transaction that writes the event, and again, with the same event, by a rebuild. It
    reads no clock, draws nothing at random and opens nothing sealed.
    """

    def register(apply: Apply) -> Apply:
        for message in messages:
            _appliers[type_name(message)].append(apply)
        return apply

    return register


def event_sourced(*models: type[Model]) -> None:
    """Declare tables that only projections write, children before parents."""
    _models.extend(model for model in models if model not in _models)


def declared_models() -> tuple[type[Model], ...]:
    """List the tables that are folds of the journal."""
    return tuple(_models)


def apply_all(event: Event) -> None:
    """Apply one event to every table that follows it."""
    for apply in _appliers.get(event.envelope.type, ()):
        apply(event)


def replay() -> Iterator[Event]:
    """Give every event of the journal in order; types this build does not know are left out."""
    position, end = 0, sqlite.tip().position
    while position < end:
        for record in sqlite.read(position, through=end, streams=None, subject=None, limit=_CHUNK):
            position = record.position
            try:
                yield from_record(record)
            except UnknownType:
                continue


def rebuild() -> int:
    """Empty the declared tables and fill them from the journal, in one transaction; counts the events."""
    count = 0
    with transaction.atomic(using=sqlite.DATABASE):
        for model in _models:
            _empty(model)
        for event in replay():
            apply_all(event)
            count += 1
    return count


def _empty(model: type[Model]) -> None:
    """Empty a table, its counter of ids too: a rebuilt row gets the id it had."""
    alias, table = router.db_for_write(model), model._meta.db_table  # noqa: SLF001 - Django's own public door
    with connections[alias].cursor() as cursor:
        cursor.execute(f"DELETE FROM {connections[alias].ops.quote_name(table)}")  # noqa: S608 - a table's name
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", (table,))
