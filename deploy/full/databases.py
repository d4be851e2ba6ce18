"""The databases of the full profile: each with an owner of its own, and closed to everybody else."""

from __future__ import annotations

import psycopg
from psycopg import sql

from deploy.full.place import DATABASES, Place

__all__ = ["make_databases"]


def make_databases(place: Place) -> None:
    """Make roles and databases where they are missing; the server must run."""
    server = place.postgres()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for role in DATABASES:
            _make_role(connection, role, place.passwords[role])
    for role, databases in DATABASES.items():
        for database in databases:
            server.create_database(database)
            with psycopg.connect(server.url(database), autocommit=True) as connection:
                _give(connection, database, role)


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verb = "CREATE" if known is None else "ALTER"
    said = sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}").format(
        sql.Identifier(role), sql.Literal(password)
    )
    connection.execute(said)


def _give(connection: psycopg.Connection, database: str, role: str) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(role)
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
