"""Complaints of what does not survive: a restore, a renamed module, a request of many events."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.db import connections, transaction

from deploy.servers.postgres import PostgresServer, program
from events.database import DATABASE
from events.database.connecting import conninfo
from events.journal import after, record
from events.sequencer import Sequencer
from protocol.envelope import to_record
from tests.complaints.marks import ON_POSTGRES
from tests.events.makers import NOW, opened, submitted
from tests.sequencing import say, sequencer
from tests.servers.running import fresh_database, running_postgres

pytestmark = [*ON_POSTGRES, pytest.mark.usefixtures("empty")]
_ALL = "SELECT position, encode(id, 'hex'), partition_key, keyseq, unit, unit_last FROM journal ORDER BY 1"


@pytest.fixture
def other_cluster() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


def _rows(address: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(_ALL).fetchall()


def _dumped_into(address: str) -> None:
    dump = [program("pg_dump"), "--no-owner", "--dbname", conninfo(DATABASE)]
    with tempfile.TemporaryFile() as file:
        subprocess.run(dump, stdout=file, check=True)
        file.seek(0)
        restore = [program("psql"), "-q", "-v", "ON_ERROR_STOP=1", "--dbname", address]
        subprocess.run(restore, stdin=file, stdout=subprocess.DEVNULL, check=True)


def _sequenced(address: str, *, events: int) -> list[tuple[object, ...]]:
    stop = threading.Event()
    thread = threading.Thread(target=lambda: Sequencer(address).run(stop))
    thread.start()
    until_s = time.monotonic() + 10
    while len(_rows(address)) < events and time.monotonic() < until_s:
        time.sleep(0.01)
    stop.set()
    thread.join()
    return _rows(address)


def test_complaint_5_positions_survive_dump_and_restore_into_a_new_cluster(
    other_cluster: PostgresServer,
) -> None:
    with sequencer():
        say([submitted(f"case-{n % 2}") for n in range(5)])
    record([submitted("case-0"), submitted("case-1")], now=NOW)
    there = fresh_database(other_cluster)

    _dumped_into(there)

    before = _rows(conninfo(DATABASE))
    assert (len(before), _rows(there)) == (5, before)
    after_it = _sequenced(there, events=7)
    assert after_it[:5] == before
    assert [(row[0], row[2], row[3]) for row in after_it[5:]] == [(6, "case-0", 4), (7, "case-1", 3)]
    with psycopg.connect(there) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("TRUNCATE journal")


_READER = """
import sys
for room in ("events", "access", "verification", "config", "django", "tests"):
    sys.modules[room] = None
from protocol.envelope import from_record
from protocol.schemas.journal_v1_pb2 import Record
print(from_record(Record.FromString(sys.stdin.buffer.read())).message.by)
"""


def test_complaint_17_old_rows_are_read_where_the_modules_that_wrote_them_are_gone() -> None:
    with sequencer():
        say([submitted("case", by="somebody")])
    row = to_record(after(0)[0]).SerializeToString()

    read = subprocess.run([sys.executable, "-c", _READER], input=row, capture_output=True, check=True)

    assert read.stdout.decode().strip() == "somebody"


def _statements(trace: Path) -> list[str]:
    """List the statements that went over the wire, as libpq noted them."""
    lines = trace.read_text(errors="replace").splitlines()
    return [line for line in lines if "\tF\t" in line and ("\tParse\t" in line or "\tQuery\t" in line)]


def test_complaint_19_a_request_of_a_thousand_events_is_one_insert(tmp_path: Path) -> None:
    record([submitted("warm-up")], now=NOW)
    raw, trace = connections[DATABASE].connection.pgconn, tmp_path / "trace"

    with trace.open("w") as file:
        raw.trace(file.fileno())
        with transaction.atomic():
            record([submitted("case") for _ in range(1000)], now=NOW)
        raw.untrace()

    said = _statements(trace)
    assert len([line for line in said if "INSERT INTO journal_outbox" in line]) == 1
    assert len(said) <= 6


def test_an_applicants_key_classes_are_kept_with_a_repeated_event_once() -> None:
    draft = opened("case", event_id=UUID(int=3))

    with sequencer():
        say([draft])
        say([draft, draft])

    assert len(after(0)) == 1
