"""Tables that are folds of the journal: who applies which event, and which tables they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from django.db.models import Model
from google.protobuf.message import Message

from events.guard import projecting, protect
from protocol.catalogue import type_name
from protocol.envelope import Event

__all__ = ["Apply", "apply_all", "declared_models", "event_sourced", "projects"]

Apply = Callable[[Event], None]
_appliers: defaultdict[str, list[Apply]] = defaultdict(list)
_models: list[type[Model]] = []


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
    """Declare tables that only projections write: every other write to them is refused from now on."""
    _models.extend(model for model in models if model not in _models)
    protect(model._meta.db_table for model in models)  # noqa: SLF001 - Django's own public door


def declared_models() -> tuple[type[Model], ...]:
    """List the tables that are folds of the journal."""
    return tuple(_models)


def apply_all(event: Event) -> None:
    """Apply one event to every table that follows it."""
    with projecting():
        for apply in _appliers.get(event.envelope.type, ()):
            apply(event)
