"""The house that is shaken: a process for everybody who works in it, and how each can be watched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg

from benchmarks.soak.messages import WRITERS, note, noted, written_by
from benchmarks.soak.nursery import Child, Nursery
from config.ports import free_port
from deploy.servers.kafka import KafkaServer
from deploy.servers.postgres import PostgresServer

__all__ = ["House", "NotInTime", "Servers", "until"]

_ROOT: Final = Path(__file__).resolve().parents[2]
# How far each has come: whoever comes further than it was found is at work.
_MARKS: Final = {
    "sequencer": ("main", "SELECT max(position) FROM journal"),
    "relay": ("main", "SELECT max(position) FROM events_relaystate"),
    "service": ("service", "SELECT max(number) FROM soak_seen"),
}
# The relay's checkpoint passes a gate that whoever shakes the house can close; its lease does not.
_GATE: Final = """
    CREATE FUNCTION soak_gate() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(22); RETURN NEW; END';
    CREATE TRIGGER soak_gate BEFORE UPDATE OF position ON events_relaystate
    FOR EACH ROW EXECUTE FUNCTION soak_gate()
"""
# The session of a process that was killed while it waited would go on, once it need not wait.
_END_WAITING: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


class NotInTime(RuntimeError):
    """Something that had to come about did not; the message says what."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that the house stands on: both run already, and Kafka is empty."""

    postgres: PostgresServer
    kafka: KafkaServer


class House:
    """Writers, sequencer, relay, journal door and service; `messages` is how much the writers say in all."""

    def __init__(self, folder: Path, servers: Servers, messages: int) -> None:
        self.folder, self.kafka, self.messages = folder, servers.kafka, messages
        self.lines = folder / "lines"
        self._postgres = servers.postgres
        self._name = f"soak_{uuid4().hex[:8]}"
        self._urls = {
            "main": self._make_databases(),
            "service": servers.postgres.url(f"{self._name}_service"),
        }
        self._door_port = free_port()
        self._running: dict[str, Child] = {}
        self._before: dict[str, str] = {}
        self._prepare()
        self._asking = {name: psycopg.connect(url, autocommit=True) for name, url in self._urls.items()}
        self._nursery = Nursery(self._environment())

    @property
    def names(self) -> tuple[str, ...]:
        """Name the processes in the order they start."""
        return ("sequencer", "door", "relay", "service", *WRITERS)

    def start(self, name: str) -> None:
        """Start a process, or start it again.

        Raises:
            NotInTime: it ended at once; its last lines are in the message.
        """
        self._before[name] = self._mark(name)
        kind, log = name.partition("-")[0], self.folder / f"{name}.log"
        try:
            self._running[name] = self._nursery.start(kind, log, self._arguments(name))
        except ProcessLookupError as error:
            raise self._ended(name) from error

    def kill(self, name: str) -> None:
        """Send kill -9.

        Raises:
            NotInTime: it had ended by itself, which it never should; its last lines are in the message.
        """
        try:
            self._running.pop(name).kill()
        except ProcessLookupError as error:
            raise self._ended(name) from error

    def close(self) -> None:
        """Kill whatever runs."""
        self._nursery.close()
        for connection in self._asking.values():
            connection.close()

    def ready(self, name: str) -> bool:
        """Tell whether a process has done some of its work since it was started."""
        return self._mark(name) not in {"", self._before[name]}

    def allow(self, share_01: float) -> None:
        """Let the writers come so far with what they have to say."""
        for writer in WRITERS:
            own = written_by(writer, self.messages)
            note(self.folder / f"{writer}.share", min(own, round(own * share_01)))

    def ask(self, database: str, sql: str, *params: object) -> Any:
        """Give the one value of a query on the database `main` or `service`; None where there is none."""
        try:
            row = self._asking[database].execute(sql, params).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
        return row[0] if row else None

    def rows(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        """Give all rows of a query."""
        with psycopg.connect(self._urls[database]) as connection:
            return connection.execute(sql).fetchall()

    @contextmanager
    def held(self, database: str, sql: str) -> Iterator[None]:
        """Hold what a statement locks until the block ends; whoever waits for it then is turned away."""
        with psycopg.connect(self._urls[database]) as connection:
            connection.execute(sql)
            yield
            connection.execute(_END_WAITING)
            connection.rollback()

    def left(self) -> dict[str, int]:
        """Tell what is still to be done of what the writers may say; empty: all has come through."""
        allowed = sum(noted(self.folder / f"{writer}.share") for writer in WRITERS)
        head = self.ask("main", "SELECT max(position) FROM journal") or 0
        waits = {
            "writers": allowed - sum(noted(self.folder / f"{writer}.said") for writer in WRITERS),
            "sequencer": self.ask("main", "SELECT count(*) FROM journal_outbox"),
            "service": allowed - (self.ask("service", "SELECT count(DISTINCT event) FROM soak_seen") or 0),
            "way home": self.ask("service", "SELECT count(*) FROM subscriber_outbox"),
            "relay": head - (self.ask("main", "SELECT max(position) FROM events_relaystate") or 0),
        }
        return {name: count for name, count in waits.items() if count}

    def service_said(self, words: str) -> int:
        """Count the lines in which the service said something."""
        return (self.folder / "service.log").read_text(errors="replace").count(words)

    def _mark(self, name: str) -> str:
        if name in _MARKS:
            return str(self.ask(*_MARKS[name]) or "")
        if name == "door":
            with socket.socket() as probe:
                return "open" if probe.connect_ex(("127.0.0.1", self._door_port)) == 0 else ""
        said = self.folder / f"{name}.said"
        return str(said.stat().st_mtime_ns) if said.exists() else ""

    def _arguments(self, name: str) -> list[str]:
        if name == "door":
            return [str(self._door_port)]
        if name == "service":
            return [str(self._data / "run.json"), self._urls["service"], str(self.lines)]
        return [name, str(self.folder)]

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _environment(self) -> dict[str, str]:
        product = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VOUCH_DATA": str(self._data),
            "VOUCH_DATABASE_URL": self._urls["main"],
        }
        return {**os.environ, **product, **self.kafka.environment()}

    def _make_databases(self) -> str:
        for suffix in ("_keys", "_feed", "_statistics", "_service"):
            self._postgres.create_database(self._name + suffix)
        return self._postgres.create_database(self._name)

    def _prepare(self) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "prepare", "--door-port", str(self._door_port)],
            cwd=_ROOT,
            env=self._environment(),
            check=True,
        )
        with psycopg.connect(self._urls["main"]) as connection:
            connection.execute(_GATE)

    def _ended(self, name: str) -> NotInTime:
        last = (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]
        return NotInTime(f"{name} ended by itself:\n{last}")


def until(holds: Callable[[], bool], within_s: float) -> bool:
    """Wait until something holds; false when it did not in time."""
    end_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.02)
    return True
