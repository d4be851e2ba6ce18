"""A database that is away at the start is waited for; one that does not let us in ends the start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.environment import ROOT
from deploy.servers.postgres import PostgresServer

pytestmark = pytest.mark.slow
_START_S = 60.0


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="vouch-postgres-"))
    server = PostgresServer(folder, password="right")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _command(address: str, data: Path, *command: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "VOUCH_DATA": str(data), "VOUCH_DATABASE_URL": address}
    return subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("right", "wrong"), [(":right@", ":wrong@"), ("/postgres", "/never_made")], ids=["password", "name"]
)
@pytest.mark.parametrize("command", ["sequencer", "feed"])
def test_a_wrong_setting_ends_the_start_with_its_name(
    server: PostgresServer, tmp_path: Path, command: str, right: str, wrong: str
) -> None:
    process = _command(server.url().replace(right, wrong), tmp_path, command)

    _, said = process.communicate(timeout=_START_S)

    assert process.returncode != 0
    assert "VOUCH_DATABASE_URL: the server does not let us in" in said
    assert "wrong" not in said


def _led(address: str) -> bool:
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    return bool(row and row[0])


def test_a_sequencer_started_before_its_database_leads_once_that_is_there(
    server: PostgresServer, tmp_path: Path
) -> None:
    _command(server.url(), tmp_path, "migrate", "-v0").communicate(timeout=_START_S)
    server.stop()
    process = _command(server.url(), tmp_path, "sequencer")
    time.sleep(3)
    assert process.poll() is None

    server.start()

    until_s = time.monotonic() + _START_S
    while not _led(server.url()) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert _led(server.url())
    process.terminate()
    process.communicate(timeout=_START_S)
    assert process.returncode == 0
