"""A real Redis for tests, behind a password; each test takes keys and channels of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.servers.redis import RedisServer

__all__ = ["redis_server"]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="vouch-redis-"))
    server = RedisServer(folder, password="a-password")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
