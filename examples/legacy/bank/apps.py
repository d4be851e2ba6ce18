"""Tells Django of the application."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

__all__ = ["BankConfig"]


class BankConfig(AppConfig):
    """The application as Django sees it."""

    name = "examples.legacy.bank"
    label = "bank"

    def ready(self) -> None:
        """Have what the service says change our rows, now that tables are there."""
        import_module("examples.legacy.bank.projections")
