"""Tells Django of this room."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

__all__ = ["AccessConfig"]


class AccessConfig(AppConfig):
    """The room as Django sees it."""

    name = "access"

    def ready(self) -> None:
        """Register what applies events to this room's tables."""
        import_module("access.projections")
