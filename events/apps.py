"""Tells Django of this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from events.guard import install

__all__ = ["EventsConfig"]


class EventsConfig(AppConfig):
    """The room as Django sees it."""

    name = "events"

    def ready(self) -> None:
        """Have every connection's statements looked at before they run."""
        connection_created.connect(install, dispatch_uid="events.guard")
