"""A client and a moment; every test's tables are proved against a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from access.clients import add_client
from tests.rebuilding import rebuilt_equal

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rebuilt(db: None) -> Iterator[None]:
    with rebuilt_equal():
        yield


@pytest.fixture
def client_and_key() -> tuple[str, str]:
    return add_client(name="Betting Ltd", now=NOW)
