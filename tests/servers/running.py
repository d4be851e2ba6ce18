"""Starts a PostgreSQL that goes with the run; apart from the fixtures, as settings need it before pytest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from deploy.servers.postgres import PostgresServer

__all__ = ["fresh_database", "running_postgres"]


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server in a folder that goes with it, directly under /tmp: its account must be able to enter."""
    folder = Path(tempfile.mkdtemp(prefix="vouch-postgres-"))
    try:
        with PostgresServer(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_database(server: PostgresServer) -> str:
    """Make a database that nobody else has; gives its address."""
    return server.create_database(f"test_{uuid4().hex[:12]}")
