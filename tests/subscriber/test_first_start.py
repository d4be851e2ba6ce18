"""Processes of a service that start at the same moment make its tables together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from deploy.servers.postgres import PostgresServer
from subscriber import open_store
from subscriber.ledger import Ledger
from tests.servers.running import fresh_database

pytestmark = pytest.mark.slow
_AT_ONCE = 8


def _open(address: str, together: Barrier) -> list[tuple[object, ...]]:
    store = open_store(address)
    store.execute("SELECT 1")
    together.wait()
    for number in range(10):
        store.execute(f"CREATE TABLE IF NOT EXISTS made_{number} (a INTEGER PRIMARY KEY, b BLOB)")
    with store.transaction():
        Ledger(store, "s").open()
    found = store.execute("SELECT count(*) FROM subscriber_checkpoint")
    store.close()
    return found


def test_eight_first_starts_at_once_make_each_table_once(postgres: PostgresServer) -> None:
    address, together = fresh_database(postgres), Barrier(_AT_ONCE)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        opened = [threads.submit(_open, address, together) for _ in range(_AT_ONCE)]

    assert [future.result() for future in opened] == [opened[0].result()] * _AT_ONCE
