"""Tells Django of this room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["VerificationConfig"]


class VerificationConfig(AppConfig):
    """The room as Django sees it."""

    name = "verification"
