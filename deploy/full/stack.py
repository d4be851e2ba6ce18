"""Up and down: servers first, then the databases, then the product; each is well before the next."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.full import product
from deploy.full.databases import make_databases
from deploy.full.place import SERVICES, Place
from deploy.servers.kafka import KafkaServer
from deploy.servers.postgres import PostgresServer
from deploy.servers.redis import RedisServer

__all__ = ["PROCESSES", "CannotStart", "down", "up"]

# Each tells its metrics; the example register, which is not ours, does not.
PROCESSES: Final = frozenset({"sequencer", "web", "pipeline", "feed", "relay", *SERVICES})
_Server = PostgresServer | RedisServer | KafkaServer


class CannotStart(RuntimeError):
    """The place does not allow a start; the message says what to do."""


def up(place: Place, say: Callable[[str], None]) -> None:
    """Start what does not run, and return when all of it is well; what runs is left as it is.

    Raises:
        CannotStart: the folder cannot be used.
        RuntimeError: a server or the product did not start; unless the product ran before, all is stopped.
    """
    _check(place.folder)
    ran = product.pid_of(place) is not None
    try:
        _start(place, say)
    except BaseException:
        if not ran:
            down(place, say)
        raise


def down(place: Place, say: Callable[[str], None]) -> None:
    """Stop everything, last started first; from any process, and also what only half runs."""
    with _timed("product", "stopped", say):
        product.stop(place)
    for name, server in reversed(_servers(place)):
        with _timed(name, "stopped", say):
            server.stop()


def _start(place: Place, say: Callable[[str], None]) -> None:
    for name, server in _servers(place):
        if not server.alive:
            with _timed(name, "ready", say):
                # Of three brokers one may be left.
                server.stop()
                server.start()
    with _timed("databases", "ready", say):
        make_databases(place)
    with _timed("product", "ready", say):
        if product.pid_of(place) is None:
            product.start(place)
        product.wait_until_well(place, PROCESSES)


def _servers(place: Place) -> list[tuple[str, _Server]]:
    return [("postgres", place.postgres()), ("redis", place.redis()), ("kafka", place.kafka())]


@contextmanager
def _timed(name: str, done: str, say: Callable[[str], None]) -> Iterator[None]:
    began_s = time.monotonic()
    yield
    say(f"{name:<10} {done} after {time.monotonic() - began_s:.1f} s")


def _check(folder: Path) -> None:
    """As root, PostgreSQL runs under an account of its own, which must pass through every folder."""
    if os.geteuid() != 0:
        return
    closed = [str(at) for at in (folder, *folder.parents) if not at.stat().st_mode & 0o001]
    if closed:
        raise CannotStart(
            f"PostgreSQL's account cannot pass through {', '.join(closed)}: choose another folder with "
            "VOUCH_DATA, or run this as an account that is not root"
        )
