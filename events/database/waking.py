"""Hears that the journal on PostgreSQL has grown: one connection a process, however many readers wait in it.

It listens to the sequencer's word and looks at the journal's end besides, so that a lost word costs a moment
and never an event. It ends by itself when nobody has asked for a while.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import psycopg

from events.database.connecting import CHANNEL, connect, conninfo
from events.database.rows import DATABASE

__all__ = ["Watch", "watch"]

# The word comes within a millisecond; this is how long a lost one is missed.
_LOOK_EVERY_S: Final = 0.05
_IDLE_S: Final = 2.0
_AGAIN_S: Final = 0.2
_END: Final = "SELECT coalesce(max(position), 0) FROM journal"


class Watch:
    """Watches one database in a thread of its own; any thread may ask."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._running = False
        self._asked_s = 0.0
        # Rises with each start, failure and change: a reader looks once too often at worst.
        self._turns = 0
        self._position = -1

    def value(self) -> tuple[int, int]:
        """Give a value that differs from an earlier one when the journal may have grown since."""
        with self._lock:
            self._asked_s = time.monotonic()
            if not self._running:
                self._turns += 1
                threading.Thread(target=self._run, name="journal-watch", daemon=True).start()
                # Only now: where no thread could be started, whoever asks next tries again.
                self._running = True
            return self._turns, self._position

    def _run(self) -> None:
        while True:
            try:
                with connect(self._address, name="vouch journal watch") as connection:
                    self._listen(connection)
            except psycopg.Error:
                # Readers look for themselves, and are told by the same database what is wrong.
                self._turns += 1
                time.sleep(_AGAIN_S)
                if self._leaves():
                    return
            else:
                # It has left; by now somebody may have started the next one.
                return

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        """Note every word, and every move of the journal's end, until nobody has asked for a while."""
        connection.execute(f"LISTEN {CHANNEL}")
        while not self._leaves():
            row = connection.execute(_END).fetchone()
            self._position = row[0] if row else -1
            for _ in connection.notifies(timeout=_LOOK_EVERY_S, stop_after=1):
                self._turns += 1

    def _leaves(self) -> bool:
        """End when nobody asks; whoever asks next starts it again."""
        with self._lock:
            if time.monotonic() - self._asked_s > _IDLE_S:
                self._running = False
            return not self._running


_watches: dict[str, Watch] = {}
_making = threading.Lock()


def watch() -> object:
    """Give a value that changes when the journal may have grown; it costs microseconds."""
    address = conninfo(DATABASE)
    found = _watches.get(address)
    if found is None:
        with _making:
            found = _watches.setdefault(address, Watch(address))
    return found.value()
