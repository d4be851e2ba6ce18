"""A real PostgreSQL for tests: one server a run, from its first use on; a test takes its own databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.servers.postgres import PostgresServer
from tests.servers.running import running_postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server
