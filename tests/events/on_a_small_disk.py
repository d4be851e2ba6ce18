"""A writer and the sequencer on a database whose disk fills: says what became of each call.

`python -m tests.events.on_a_small_disk` with $VOUCH_DATABASE_URL; of each line that it reads, a number of
events, it writes so many in one transaction and answers with one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from secrets import token_hex

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after the set-up
from django.db import DatabaseError, connections  # noqa: E402 - as above

from events.database import DATABASE  # noqa: E402 - as above
from events.database.connecting import conninfo  # noqa: E402 - as above
from events.journal import backlog, head, record  # noqa: E402 - as above
from events.sequencer import Sequencer  # noqa: E402 - as above
from events.verify import faults  # noqa: E402 - as above
from tests.events.makers import NOW, submitted  # noqa: E402 - as above

__all__ = ["main"]

# Nothing that could be written shorter, and small enough to lie in the table itself.
_BY = token_hex(800)


def _write(count: int) -> str:
    """Write events about as many keys; gives the database's code when it refuses."""
    try:
        record([submitted(f"key-{n}", by=_BY) for n in range(count)], now=NOW)
    except DatabaseError as error:
        return str(getattr(error.__cause__, "sqlstate", "") or type(error).__name__)
    return ""


def main() -> None:
    """Answer each line until there are no more."""
    for alias in connections:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    stop = threading.Event()
    sequencer = threading.Thread(target=Sequencer(conninfo(DATABASE)).run, args=(stop,))
    sequencer.start()
    for line in sys.stdin:
        refused = _write(int(line))
        # What waits is read first: nothing waiting has to mean that the head stands behind all of it.
        state = {"refused": refused, "waiting": backlog().records, "head": head().position}
        print(json.dumps(state | {"faults": [str(fault) for fault in faults()]}), flush=True)
    stop.set()
    sequencer.join()


if __name__ == "__main__":
    main()
