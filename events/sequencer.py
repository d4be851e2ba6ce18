"""Gives events on PostgreSQL their positions: one leader a journal, a batch in one statement, for ever.

On SQLite the writer does this itself, and nothing runs. See `events/database/sequencing.py` for the order,
and `events/database/quarantine.py` for what the journal refuses.
"""

from __future__ import annotations

import random
import threading
from typing import Any, Final

import psycopg
import structlog

from events.database.connecting import CHANNEL, connect
from events.database.quarantine import move_others
from events.database.sequencing import Moved, move

__all__ = ["Sequencer"]

_log = structlog.get_logger("vouch.sequencer")

_AT_ONCE: Final = 1_000
# Half of what a hop may take (25 ms) goes by in the worst case, a quarter of it on average.
_POLL_S: Final = 0.010
# Any number that nothing else of ours locks: the letters "vouchseq".
_LEADER: Final = int.from_bytes(b"vouchseq", "big")
_LEAD_AGAIN_S: Final = 0.5
_AWAY_S: Final = 0.2


class Sequencer:
    """Moves the outbox into the journal while it leads; waits while another one does.

    The lock that makes it the leader lives in the session that moves: whoever loses the one cannot go on with
    the other. `placed` counts the events it gave a place, `set_aside` those that the journal refused or that
    wait behind one, `leads` tells whether it is the leader.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.placed = 0
        self.set_aside = 0
        self.leads = False

    def run(self, stop: threading.Event) -> None:
        """Lead, or wait to lead, until told to stop; a database that goes away is found again."""
        while not stop.is_set():
            try:
                with connect(self._address, name="vouch sequencer") as connection:
                    self._serve(connection, stop)
            except psycopg.Error as error:
                _log.warning("sequencer_lost_database", error=type(error).__name__, detail=str(error))
                stop.wait(_AWAY_S * (1 + random.random()))  # noqa: S311 - jitter
            finally:
                self.leads = False

    def _serve(self, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
        # The outbox is full at one moment and empty at the next: no statistics tell the planner the truth.
        connection.execute("SET enable_seqscan = off")
        while not stop.is_set() and not _led(connection):
            stop.wait(_LEAD_AGAIN_S)
        self.leads = True
        limit = _AT_ONCE
        while not stop.is_set():
            moved = self._move(connection, limit)
            self._tell(connection, moved)
            limit = _next_limit(moved, limit)
            if moved.looked < _AT_ONCE:
                stop.wait(_POLL_S)

    def _move(self, connection: psycopg.Connection[Any], limit: int) -> Moved:
        """Move a batch; what the journal refuses does not keep the others."""
        try:
            moved = move(connection, limit=limit, prepare=True)
        except psycopg.errors.UniqueViolation:
            return self._move_others(connection, limit)
        return self._move_others(connection, limit) if moved.held else moved

    def _move_others(self, connection: psycopg.Connection[Any], limit: int) -> Moved:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            moved, units = move_others(connection, limit=limit)
        for unit in units:
            self.set_aside += unit.events
            _log.error(
                "journal_refused_event",
                keys=unit.keys,
                events=unit.events,
                reason=unit.reason,
                do="set aside; see docs/runbooks/quarantine.md",
            )
        return moved

    def _tell(self, connection: psycopg.Connection[Any], moved: Moved) -> None:
        """Wake whoever waits, once for the batch."""
        if moved.placed:
            self.placed += moved.placed
            connection.execute(f"NOTIFY {CHANNEL}")


def _led(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LEADER,)).fetchone()
    return bool(row and row[0])


def _next_limit(moved: Moved, limit: int) -> int:
    """Look further when no unit was whole within the cut; else as far as always."""
    return limit * 2 if moved.looked == limit and not moved.placed else _AT_ONCE
