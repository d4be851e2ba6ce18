"""The feed writer's process, the feed made anew, and its oldest records let go of.

manage.py feed                                             write until SIGTERM
manage.py feed rebuild [--check] [--new-epoch] [--rate N]  make it anew from the journal
manage.py feed trim [--dry-run]                            let go of what VOUCH_FEED_DAYS says, and print it
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.metering import follow, meters_of
from config.reaching import await_database
from config.stopping import stop_on_signal
from events.errors import NothingToDeclare
from streaming.writing.rebuild import Renumbers, rebuild_feed
from streaming.writing.retention import Expiry, WriterBehind, expired, letting_go, rounds
from streaming.writing.run import bring_up_to_journal, build_runner
from streaming.writing.versions import UnknownProjection, adopt_newest, adopted
from subscriber import Pace, keep_loaded

__all__ = ["Command"]

# A writer that runs does what was said within this time.
_PATIENCE_S: Final = 10.0


class Command(BaseCommand):
    """`manage.py feed`."""

    help = "write every client's feed from the journal until SIGTERM, make the feeds anew, or trim them"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and its options."""
        verbs = parser.add_subparsers(dest="verb")
        verbs.add_parser("run", help="write until SIGTERM")
        rebuild = verbs.add_parser("rebuild", help="make the feeds anew beside the live ones")
        rebuild.add_argument("--check", action="store_true", help="only compare; fails when rows differ")
        rebuild.add_argument("--new-epoch", action="store_true", help="have every client begin again")
        rebuild.add_argument("--rate", type=float, default=0, help="at most so many events a second")
        trim = verbs.add_parser("trim", help="let go of records that were kept for long enough")
        trim.add_argument("--dry-run", action="store_true", help="only print what would go")

    def handle(self, *_args: object, **options: Any) -> None:
        """Do what the verb says."""
        try:
            match options["verb"]:
                case "rebuild":
                    self._rebuild(options)
                case "trim":
                    self._trim(dry_run=options["dry_run"])
                case _:
                    self._run(stop_on_signal())
        except (Renumbers, NothingToDeclare, UnknownProjection) as error:
            raise CommandError(str(error)) from error

    def _rebuild(self, options: dict[str, Any]) -> None:
        done = rebuild_feed(
            put_right=not options["check"], new_epoch=options["new_epoch"], pace=Pace(options["rate"])
        )
        if done.differences and options["check"]:
            raise CommandError(f"{len(done.differences)} rows are not what the journal says")
        self.stdout.write(f"rebuilt up to position {done.position}; {len(done.differences)} rows put right")

    def _trim(self, *, dry_run: bool) -> None:
        now, days, gone = _now(), settings.FEED_DAYS, 0
        if dry_run:
            gone = self._print(expired(now=now, days=days))
            self.stdout.write(f"{gone} records older than {days} days would go")
            return
        try:
            for found in rounds(now=now, days=days, stop=Event(), patience_s=_PATIENCE_S):
                gone += self._print(found)
        except WriterBehind as error:
            raise CommandError(f"{error}; it is done, and the rest said, when the writer runs") from error
        self.stdout.write(f"{gone} records older than {days} days are gone")

    def _print(self, found: list[Expiry]) -> int:
        """Print what each feed lets go of, and count it."""
        for one in found:
            self.stdout.write(f"{one.feed}: {one.records} records, up to number {one.oldest - 1}")
        return sum(one.records for one in found)

    def _run(self, stop: Event) -> None:
        await_database(stop)
        # Before anything is written in words that this code does not have.
        adopted()
        bring_up_to_journal()
        adopt_newest(now=_now())
        runner = build_runner()
        keep_loaded()
        with meters_of("feed") as meters, letting_go(days=settings.FEED_DAYS, clock=_now):
            follow(meters, runner)
            runner.run(stop)


def _now() -> datetime:
    return datetime.now(UTC)
