"""Tells Django of this room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["StreamingConfig"]


class StreamingConfig(AppConfig):
    """The room as Django sees it."""

    name = "streaming"
