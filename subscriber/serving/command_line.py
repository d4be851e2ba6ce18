"""A service's commands: `run`, `lag`, `replay`, `dead-letters`, and those of its own."""

from __future__ import annotations

import argparse
import sys
import threading

from subscriber.commands import add_commands, run_command
from subscriber.errors import SubscriberError
from subscriber.logs import configure
from subscriber.memory import keep_loaded
from subscriber.serving.running import described, run
from subscriber.serving.settings import ServiceSettings, settings_of
from subscriber.serving.spec import ServiceSpec
from subscriber.stopping import stop_on_signals

__all__ = ["main"]

# Commands that take their time, and end cleanly when asked to.
_LONG = {"run", "replay"}


def main(spec: ServiceSpec, about: str | None = None) -> int:
    """Run one command; 0: done, 1: it cannot be done now, or something is left to do, with the reason.

    Args:
        spec: the service.
        about: what its help begins with.
    """
    parser = argparse.ArgumentParser(prog=f"python -m consumers.{spec.name}", description=about)
    verbs = add_commands(parser)
    for verb in spec.verbs:
        own = verbs.add_parser(verb.name, help=verb.help)
        if verb.arguments is not None:
            verb.arguments(own)
    asked, settings = parser.parse_args(), settings_of(spec.name)
    try:
        return _do(spec, settings, asked)
    except SubscriberError as error:
        print(f"{spec.name}: {error}", file=sys.stderr)
        return 1


def _do(spec: ServiceSpec, settings: ServiceSettings, asked: argparse.Namespace) -> int:
    own = next((verb for verb in spec.verbs if verb.name == asked.command), None)
    if own is not None:
        return own.do(settings, asked)
    stop = stop_on_signals() if asked.command in _LONG else threading.Event()
    keep_loaded()
    if asked.command == "run":
        configure()
        run(spec, settings, stop)
        return 0
    return run_command(asked, described(spec, settings), print, stop)
