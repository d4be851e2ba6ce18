"""Which servers tests may ask for, and how events get their positions when the suite runs on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.db import connections
from django.db.backends.base.operations import BaseDatabaseOperations
from pytest_django import DjangoDbBlocker

from events.database import ADAPTERS
from events.guard import projecting
from tests.sequencing import Prompt, on_postgres

pytest_plugins = ("tests.servers.kafka", "tests.servers.postgres", "tests.servers.redis", "tests.servers.web")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Before PostgreSQL's test databases go, end what threads of servers in tests have left open."""
    yield
    if on_postgres():
        with django_db_blocker.unblock(), connections["default"]._nodb_cursor() as cursor:
            names = [connections[alias].settings_dict["NAME"] for alias in connections]
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)", [names]
            )


@pytest.fixture(autouse=True)
def _placed_when_read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sequencer beside the test, whoever reads the journal places what was said before."""
    if request.node.get_closest_marker("sequenced") is None:
        monkeypatch.setitem(ADAPTERS, "postgresql", Prompt())


@pytest.fixture(scope="session", autouse=True)
def _flush_may_empty_every_table() -> Iterator[None]:
    """Let Django empty tables after a test with real transactions; the product's guard refuses that."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def allowed(self: BaseDatabaseOperations, sql_list: Sequence[str]) -> None:
        with projecting():
            flush(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", allowed)
        yield
