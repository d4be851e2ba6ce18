"""The service's commands: `python -m consumers.decisions run`, `lag`, `replay`, `dead-letters`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from consumers.decisions import service
from consumers.decisions.running import ProductAway, described, run
from consumers.decisions.settings import WrongRunFile, settings_from
from subscriber import SubscriberError, add_commands, configure_logs, keep_loaded, run_command

__all__ = ["main"]

# Commands that take their time, and end cleanly when asked to.
_LONG = {"run", "replay"}


def main() -> int:
    """Run one command; 0: done, 1: it cannot be done now, or something is left to do, with the reason."""
    parser = argparse.ArgumentParser(prog="python -m consumers.decisions", description=__doc__)
    add_commands(parser)
    asked = parser.parse_args()
    settings = settings_from()
    try:
        stop = _stop_on_signals() if asked.command in _LONG else threading.Event()
        keep_loaded()
        if asked.command == "run":
            configure_logs()
            run(settings, stop)
            return 0
        return run_command(asked, described(settings), print, stop)
    except (SubscriberError, WrongRunFile, ProductAway) as error:
        print(f"{service.NAME}: {error}", file=sys.stderr)
        return 1


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main())
