"""The sequencer's process, for PostgreSQL; it runs until SIGTERM.

manage.py sequencer
manage.py sequencer --quarantined
manage.py sequencer --release KEY
"""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError
from django.db import connections

from config.metering import meters_of, watch_sequencer
from config.reaching import await_database
from config.stopping import stop_on_signal
from events.database import DATABASE
from events.database.connecting import conninfo
from events.errors import StillRefused
from events.journal import quarantined, release
from events.sequencer import Sequencer
from protocol.ids import from_us

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py sequencer`."""

    help = "give events on PostgreSQL their positions until SIGTERM"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what an operator may ask of the quarantine instead."""
        verbs = parser.add_mutually_exclusive_group()
        verbs.add_argument("--quarantined", action="store_true", help="list the keys set aside, and end")
        verbs.add_argument("--release", metavar="KEY", help="give a key's events back, and end")

    def handle(self, *_args: object, **options: object) -> None:
        """Run, or see to the quarantine."""
        if connections[DATABASE].vendor != "postgresql":
            raise CommandError("only PostgreSQL needs one: on SQLite every writer gives positions itself")
        if options["quarantined"]:
            self._list()
        elif options["release"]:
            self._release(str(options["release"]))
        else:
            _run()

    def _list(self) -> None:
        for found in quarantined():
            since = f"{from_us(found.since_us):%Y-%m-%dT%H:%M:%SZ}"
            self.stdout.write(f"{found.key}  {found.events} events since {since}: {found.reason}")

    def _release(self, key: str) -> None:
        try:
            keys, events = release(key)
        except StillRefused as error:
            raise CommandError(f"{error}; mend it first: docs/runbooks/quarantine.md") from error
        if not events:
            raise CommandError(f"nothing of {key} is in quarantine")
        self.stdout.write(f"{events} events of {', '.join(sorted(keys))} go on")


def _run() -> None:
    sequencer, stop = Sequencer(conninfo(DATABASE)), stop_on_signal()
    with meters_of("sequencer") as meters:
        watch_sequencer(meters, sequencer)
        await_database(stop)
        sequencer.run(stop)
