"""Connections to PostgreSQL that are no request's: the sequencer's, and the one by which a process waits."""

from __future__ import annotations

from typing import Final

import psycopg
from django.db import connections
from psycopg.conninfo import make_conninfo

from subscriber.peers import OF_THE_CLIENT, OF_THE_SERVER

__all__ = ["CHANNEL", "connect", "conninfo"]

# On this channel the sequencer says, once a batch, that the journal has grown: a hint, nothing rests on it.
CHANNEL: Final = "vouch_journal"
_CONNECT_S: Final = 5


def conninfo(alias: str) -> str:
    """Give the address of one of the monolith's databases, as libpq reads it; it holds the password."""
    settings = connections[alias].settings_dict
    return make_conninfo(
        dbname=str(settings["NAME"]),
        user=str(settings["USER"]),
        password=str(settings["PASSWORD"]) or None,
        host=str(settings["HOST"]) or None,
        port=str(settings["PORT"]) or None,
        **{key: value for key, value in settings["OPTIONS"].items() if key.startswith("ssl")},
    )


def connect(address: str, *, name: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection whose statements commit one by one.

    Each side knows within 15 s that the other one is gone.

    Args:
        address: as `conninfo` gives it.
        name: what the database's operator reads of it in `pg_stat_activity`.

    Raises:
        psycopg.OperationalError: there is no server, or it refuses us.
    """
    return psycopg.connect(
        address,
        autocommit=True,
        connect_timeout=_CONNECT_S,
        application_name=name,
        options=OF_THE_SERVER,
        **OF_THE_CLIENT,
    )
