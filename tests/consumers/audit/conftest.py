"""The product's own journal, and the real door to it."""

from __future__ import annotations

from tests.contracts.conftest import door, journal, no_other_rooms

__all__ = ["door", "journal", "no_other_rooms"]
