"""A writer in a process of its own: says events in random transactions, and prints what was committed.

`python -m tests.complaints.writer NAME EVENTS` with $DJANGO_SETTINGS_MODULE and $VOUCH_DATABASE_URL.
An event's id is made of the writer's name and its number: said again after an unknown end, it is one event.
"""

from __future__ import annotations

import random
import sys
import time
from uuid import UUID, uuid5

import django

django.setup()

from django.db import OperationalError, connections, transaction  # noqa: E402 - after the set-up

from events.journal import record  # noqa: E402 - as above
from tests.events.makers import NOW, submitted  # noqa: E402 - as above

__all__ = ["main"]

_NAMES = UUID(int=20)
# Long enough that a writer is still at work when the next sequencer has started.
_PAUSE_S = 0.3


def _say(name: str, numbers: range, chance: random.Random) -> None:
    with transaction.atomic():
        for number in numbers:
            subject = f"case-{chance.randrange(4)}"
            record([submitted(subject, by=name, event_id=uuid5(_NAMES, f"{name}-{number}"))], now=NOW)
            time.sleep(chance.random() * 0.003)


def main(name: str, events: int) -> None:
    """Say so many events; whatever fails is said again until it is known to be committed."""
    chance, said = random.Random(name), 0
    while said < events:
        numbers = range(said, min(events, said + chance.randrange(1, 6)))
        try:
            _say(name, numbers, random.Random(f"{name}-{said}"))
        except OperationalError:
            connections["default"].close()
            time.sleep(0.05)
            continue
        said = numbers.stop
        time.sleep(chance.random() * _PAUSE_S)
        print(said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
