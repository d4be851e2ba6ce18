"""One part of the benchmark in a process of its own: the product's settings, a fresh database, and a task.

`python -m benchmarks.backbone.PART JSON` prints one JSON object; the database and Kafka are the environment's
(`VOUCH_DATA`, `VOUCH_DATABASE_URL`, `VOUCH_KAFKA`), as in the product.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# These modules name tables: they are imported when Django has them.
from django.core.management import call_command  # noqa: E402 - see above
from django.db import connections  # noqa: E402 - see above

from events import projections  # noqa: E402 - see above
from events.database import DATABASE  # noqa: E402 - see above
from events.database.connecting import conninfo  # noqa: E402 - see above
from events.journal import Draft, head, record  # noqa: E402 - see above
from events.sequencer import Sequencer  # noqa: E402 - see above
from protocol.schemas import verification_v1_pb2 as v  # noqa: E402 - see above
from subscriber import keep_loaded  # noqa: E402 - see above
from subscriber.kafka import KafkaSettings, kafka_settings  # noqa: E402 - see above

__all__ = ["STREAM", "beside", "check_ended", "cluster", "fill", "main", "number", "sequenced"]

STREAM = "verification.result"
_CASES = 5_000
_A_TRANSACTION = 1_000


def main(task: Callable[[Mapping[str, object]], Mapping[str, object]]) -> None:
    """Make the tables, run the task with what the command line gives, and print what it found."""
    for alias in connections:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    # The rooms' own tables are another cost: a journal by itself is what the other packages are compared to.
    keep_loaded()
    projections._appliers = defaultdict(list)  # noqa: SLF001 - the suite's own way
    print(json.dumps(dict(task(json.loads(sys.argv[1])))))


def number(asked: Mapping[str, object], name: str) -> int:
    """Read a number that the task was given."""
    return int(str(asked[name]))


def cluster() -> KafkaSettings:
    """Give the cluster that this part runs on."""
    found = kafka_settings(os.environ)
    if found is None:
        raise RuntimeError("this part needs a Kafka: VOUCH_KAFKA names none")
    return found


def check_ended(case: int) -> Draft:
    """Make an event of some 100 bytes about one of 5,000 cases."""
    message = v.CheckCompleted(check="quality", status="clear", model="blur-1", evidence_keyseq=2)
    return Draft(message=message, subject=f"case-{case % _CASES}", client="cl_1")


def fill(count: int) -> None:
    """Write so many events, a thousand a transaction, and wait until each has its position."""
    now, until = datetime.now(UTC), head().position + count
    for start in range(0, count, _A_TRANSACTION):
        record([check_ended(n) for n in range(start, min(count, start + _A_TRANSACTION))], now=now)
    while head().position < until:
        time.sleep(0.01)


@contextmanager
def sequenced() -> Iterator[None]:
    """Run what gives positions on PostgreSQL; on SQLite the writer does."""
    if connections[DATABASE].vendor != "postgresql":
        yield
        return
    with beside(Sequencer(conninfo(DATABASE)).run):
        yield


@contextmanager
def beside(run: Callable[[threading.Event], object]) -> Iterator[None]:
    """Run a process of the product in a thread until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
