"""Tells Django of this room."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

__all__ = ["VerificationConfig"]


class VerificationConfig(AppConfig):
    """The room as Django sees it."""

    name = "verification"

    def ready(self) -> None:
        """Register what applies events to this room's tables."""
        import_module("verification.projections")
