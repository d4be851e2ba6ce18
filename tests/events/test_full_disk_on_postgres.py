"""PostgreSQL's disk is full: the writer is told to come again; with room all goes on, nothing half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from config.databases import ALIASES
from deploy.servers.postgres import PostgresServer
from subscriber import PostgresStore, StoreAway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_DISK_MB = 320
_LEFT = 600_000


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of its own, as large as a database needs and a little more."""
    folder = Path("/tmp") / tmp_path_factory.mktemp("disk").name  # where the server's account may enter
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"this account may not mount a small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture(scope="module")
def server(disk: Path) -> Iterator[PostgresServer]:
    with PostgresServer(disk / "postgres") as server:
        yield server


@contextmanager
def full(disk: Path, server: PostgresServer) -> Iterator[None]:
    """Fill the disk up to the last pages while the block runs; the log of changes has room of its own."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS anything (n int)")
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("INSERT INTO anything VALUES (1)")
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        os.truncate(ballast, ballast.stat().st_size - _LEFT)
        yield
    finally:
        ballast.unlink()


def _write(writer: subprocess.Popen[str], count: int) -> dict[str, object]:
    """Have events written; gives what became of them."""
    assert writer.stdin is not None
    assert writer.stdout is not None
    print(count, file=writer.stdin)
    answer: dict[str, object] = json.loads(writer.stdout.readline())
    return answer


def test_a_unit_for_which_there_is_no_room_leaves_nothing_and_the_next_ones_follow(
    disk: Path, server: PostgresServer, tmp_path: Path
) -> None:
    for alias in ALIASES[1:]:
        server.create_database(f"vouch_{alias}")
    environment = {
        **os.environ,
        "VOUCH_DATABASE_URL": server.create_database("vouch"),
        "VOUCH_DATA": str(tmp_path),
    }
    command = [sys.executable, "-m", "tests.events.on_a_small_disk"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as writer:
        assert _write(writer, 1)["refused"] == ""
        with full(disk, server):
            refused = _write(writer, 1_000)
        written = [_write(writer, 1)["refused"] for _ in range(3)]
        until_s = time.monotonic() + 30
        while (state := _write(writer, 0))["waiting"]:
            assert time.monotonic() < until_s, state
        writer.communicate()

    assert refused["refused"] == "53100"
    assert written == ["", "", ""]
    assert (state["head"], state["faults"]) == (4, [])


def test_a_service_is_told_that_its_store_is_away_and_goes_on_when_there_is_room(
    disk: Path, server: PostgresServer
) -> None:
    store = PostgresStore(server.create_database("service"))
    store.execute("CREATE TABLE noted (n INTEGER, what TEXT)")

    def note_much() -> None:
        with store.transaction():
            for n in range(1_000):
                store.execute("INSERT INTO noted VALUES (?, ?)", (n, token_hex(1_000)))

    with full(disk, server), pytest.raises(StoreAway):
        note_much()
    with store.transaction():
        store.execute("INSERT INTO noted VALUES (?, ?)", (7, "y"))

    assert store.execute("SELECT n FROM noted") == [(7,)]
    store.close()
