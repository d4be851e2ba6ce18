"""The launcher gives a PostgreSQL that keeps what was committed through a stop and a kill."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.servers.postgres import PostgresServer, missing_packages

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vouch-postgres-"))
    yield path
    shutil.rmtree(path)


def _counted(server: PostgresServer) -> int:
    with psycopg.connect(server.url("kept")) as connection:
        row = connection.execute("SELECT count(*) FROM t").fetchone()
    assert row is not None
    return int(row[0])


def test_nothing_is_missing_where_the_server_runs() -> None:
    assert missing_packages() == ()


def test_what_was_committed_survives_a_restart_and_a_kill(folder: Path) -> None:
    with PostgresServer(folder) as server:
        server.create_database("kept")
        for n in range(2):
            with psycopg.connect(server.url("kept")) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS t (n int)")
                connection.execute("INSERT INTO t VALUES (%s)", (n,))
            server.restart() if n == 0 else server.kill()
        server.start()

        assert _counted(server) == 2


def test_a_server_of_another_process_is_stopped_by_its_folder(folder: Path) -> None:
    first = PostgresServer(folder)
    first.start()

    PostgresServer(folder).stop()

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.url(), connect_timeout=2)
    first.kill()


def test_with_a_password_nobody_enters_without_it(folder: Path) -> None:
    with PostgresServer(folder, password="a b/c") as server:
        psycopg.connect(server.url()).close()

        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url().replace("a%20b%2Fc", "wrong"))


@pytest.mark.parametrize("name", ["", "Vouch", 'a"b', "a-b", "1a"])
def test_a_name_that_would_have_to_be_quoted_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a database"):
        PostgresServer(folder).create_database(name)
