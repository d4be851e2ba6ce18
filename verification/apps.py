"""Tells Django of this room."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

from events.templates import templates_from

__all__ = ["VerificationConfig"]


class VerificationConfig(AppConfig):
    """The room as Django sees it."""

    name = "verification"

    def ready(self) -> None:
        """Register what applies events to this room's tables, and where its templates lie."""
        import_module("verification.projections")
        templates_from(import_module("verification.templates").face_template)
