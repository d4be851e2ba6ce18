"""Which run a complaint belongs to."""

from __future__ import annotations

import pytest

from tests.sequencing import on_postgres

__all__ = ["ON_POSTGRES"]

# The suite runs on SQLite, and this folder once more on PostgreSQL: tests/test_on_postgres.py.
ON_POSTGRES = [
    pytest.mark.skipif(not on_postgres(), reason="on PostgreSQL: tests/test_on_postgres.py runs it"),
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]
