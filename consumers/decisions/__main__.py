"""The service's commands: `python -m consumers.decisions run`, `lag`, `dead-letters`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import closing

from consumers.decisions import operations, service
from consumers.decisions.running import open_store, run
from consumers.decisions.settings import Settings, WrongRunFile, read_door, settings_from
from subscriber import HttpJournalSource, SubscriberError

__all__ = ["main"]


def main() -> int:
    """Run one command; 0: done, 1: it cannot be done now, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m consumers.decisions", description=__doc__)
    parser.add_argument("command", choices=["run", "lag", "dead-letters"])
    command = parser.parse_args().command
    settings = settings_from()
    try:
        return _COMMANDS[command](settings)
    except (SubscriberError, WrongRunFile) as error:
        print(f"{service.NAME}: {error}", file=sys.stderr)
        return 1


def _run(settings: Settings) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    run(settings, stop)
    return 0


def _lag(settings: Settings) -> int:
    door = read_door(settings.run_file, service=service.NAME)
    if door is None:
        print(
            f"{service.NAME}: the product is not running; {settings.run_file} is not there", file=sys.stderr
        )
        return 1
    source = HttpJournalSource(door.url, door.key, service.STREAMS)
    with closing(open_store(settings)) as store, closing(source):
        found = operations.lag(store, source)
    print(f"at {found.floor} of {found.head}: {found.records} behind")
    return 0


def _dead_letters(settings: Settings) -> int:
    with closing(open_store(settings)) as store:
        letters = operations.dead_letters(store)
    for letter in letters:
        print(letter.position, letter.case, letter.type, letter.reason, f"after {letter.attempts} tries")
    print(f"{len(letters)} dead letters")
    return 0


_COMMANDS = {"run": _run, "lag": _lag, "dead-letters": _dead_letters}


if __name__ == "__main__":
    sys.exit(main())
