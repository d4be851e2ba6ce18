"""The feed writer's process, and the feed made anew.

manage.py feed                                             write until SIGTERM
manage.py feed rebuild [--check] [--new-epoch] [--rate N]  make it anew from the journal
"""

from __future__ import annotations

from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management import BaseCommand, CommandError

from config.metering import follow, meters_of
from config.reaching import await_database
from config.stopping import stop_on_signal
from events.errors import NothingToDeclare
from streaming.rebuild import Renumbers, rebuild_feed
from streaming.run import bring_up_to_journal, build_runner
from subscriber import Pace, keep_loaded

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py feed`."""

    help = "write every client's feed from the journal until SIGTERM, or make the feeds anew"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and its options."""
        verbs = parser.add_subparsers(dest="verb")
        verbs.add_parser("run", help="write until SIGTERM")
        rebuild = verbs.add_parser("rebuild", help="make the feeds anew beside the live ones")
        rebuild.add_argument("--check", action="store_true", help="only compare; fails when rows differ")
        rebuild.add_argument("--new-epoch", action="store_true", help="have every client begin again")
        rebuild.add_argument("--rate", type=float, default=0, help="at most so many events a second")

    def handle(self, *_args: object, **options: Any) -> None:
        """Do what the verb says."""
        if options["verb"] != "rebuild":
            self._run(stop_on_signal())
            return
        try:
            done = rebuild_feed(
                put_right=not options["check"], new_epoch=options["new_epoch"], pace=Pace(options["rate"])
            )
        except (Renumbers, NothingToDeclare) as error:
            raise CommandError(str(error)) from error
        if done.differences and options["check"]:
            raise CommandError(f"{len(done.differences)} rows are not what the journal says")
        self.stdout.write(f"rebuilt up to position {done.position}; {len(done.differences)} rows put right")

    def _run(self, stop: Event) -> None:
        await_database(stop)
        bring_up_to_journal()
        runner = build_runner()
        keep_loaded()
        with meters_of("feed") as meters:
            follow(meters, runner)
            runner.run(stop)
