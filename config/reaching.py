"""Waits, when a process starts, until its database answers; one that does not let us in ends the start.

A server that is away comes back, and nobody has to start anything again. A wrong password never becomes right
by waiting: whoever set it has to read the setting's name.
"""

from __future__ import annotations

import random
import threading
from typing import Final

import psycopg
import structlog
from django.db import connections

from config.environment import WrongSetting
from events.database import DATABASE
from events.database.connecting import connect, conninfo

__all__ = ["await_database"]

_log = structlog.get_logger("vouch.database")
_AGAIN_S: Final = 0.5
# libpq gives no SQLSTATE for a connection that was not made: the server's words are all there is. In another
# language than English they are not known, and the start waits, with the words in its log.
_REFUSALS: Final = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied for database",
)


def await_database(stop: threading.Event) -> None:
    """Return when the main database answers, or when told to stop; on SQLite at once.

    Raises:
        WrongSetting: the server does not let us in, by the name and password of VOUCH_DATABASE_URL.
    """
    if connections[DATABASE].vendor != "postgresql":
        return
    while not stop.is_set():
        try:
            connect(conninfo(DATABASE), name="vouch start").close()
        except psycopg.OperationalError as error:
            words = str(error).strip()
            if any(refusal in words for refusal in _REFUSALS):
                raise WrongSetting(f"VOUCH_DATABASE_URL: the server does not let us in: {words}") from error
            _log.warning("database_away_at_start", detail=words)
            stop.wait(_AGAIN_S * (1 + random.random()))  # noqa: S311 - jitter
        else:
            return
