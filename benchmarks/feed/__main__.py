"""The feed's figures: `python -m benchmarks.feed [--quick] [--only PART …] [--database NAME …]`.

One JSON line a claim, on PostgreSQL and on SQLite; the machine's load stands beside on standard error.
A delay is from the moment when the feed writer's COMMIT had returned to the one when a client, in a process
of its own, had read the frame. The server is `config.web`, one process; its processor time is without the
database's. The peers, which are told of each commit, run on the same machine in the same run. With Redis
the product's processes ring the doorbell instead of hearing PostgreSQL's NOTIFY.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.backbone.parts import Ground
from benchmarks.feed.measuring import PARTS, QUICK, WHOLE, Course, Sizes
from benchmarks.feed.processes import BarePeer, ChannelsPeer, Scribe, Server, Web
from benchmarks.feed.readers import language
from benchmarks.feed.runs import House
from deploy.servers.postgres import PostgresServer
from deploy.servers.redis import RedisServer

__all__ = ["DATABASES", "main", "measure"]

_WITH_REDIS: Final = "postgresql with Redis"
DATABASES: Final = ("postgresql", _WITH_REDIS, "sqlite")


def measure(sizes: Sizes, *, databases: Sequence[str] = DATABASES, parts: Sequence[str] = PARTS) -> None:
    """Measure the parts on each database and print a line a claim."""
    with ExitStack() as stack:
        redis = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vouch-redis-"))))
        stack.enter_context(redis)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vouch-pg-")))
        ground = Ground(stack.enter_context(PostgresServer(folder)))
        for database in databases:
            with ground.under(database.partition(" ")[0]) as environment:
                environment["VOUCH_REDIS_URL"] = redis.url if database == _WITH_REDIS else ""
                servers = _servers(database, environment, redis.url)
                _measure_on(database, environment, servers, sizes, parts)


def _servers(database: str, environment: dict[str, str], redis_url: str) -> dict[str, Callable[[], Server]]:
    """Say how each server is started; to the peers it is all one whether our processes have Redis."""
    ours: dict[str, Callable[[], Server]] = {"ours": lambda: Web(environment)}
    if database == _WITH_REDIS:
        return ours
    peers: dict[str, Callable[[], Server]] = {
        "websockets": lambda: BarePeer(environment),
        "group_send": lambda: ChannelsPeer(environment, redis_url),
    }
    return ours | peers


def _measure_on(
    database: str,
    environment: dict[str, str],
    servers: dict[str, Callable[[], Server]],
    sizes: Sizes,
    parts: Sequence[str],
) -> None:
    with Scribe(environment) as scribe:
        house = House(scribe, scribe.do("prepare", clients=sizes.connections))
        course = Course(database, house, servers, sizes)
        for part in parts if database != _WITH_REDIS else [part for part in parts if part == "own"]:
            print(f"benchmark: {part}, {database}", file=sys.stderr, flush=True)
            course.run(part)
        course.say_wrong()


def main() -> None:
    """Measure the parts asked for and print a line a claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some minutes: fewer rounds and seconds")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=list(DATABASES))
    asked = parser.parse_args()
    print(f"the clients are written in {language()}", file=sys.stderr, flush=True)
    measure(QUICK if asked.quick else WHOLE, databases=asked.database, parts=asked.only)


if __name__ == "__main__":
    main()
