"""The journal on the command line: what it says, whether it is sound, and its tables made anew.

manage.py journal tail [--after N] [--limit N] [--follow] [--subject CASE]
manage.py journal replay [--from PLACE] [--to PLACE] [--streams A,B] [--subject CASE] [--count] [--rate N]
manage.py journal rebuild [--check | --as-of PLACE --into FILE] [--rate N]
manage.py journal verify
manage.py journal restored

A PLACE is a position, or a time with its zone (2026-05-01T12:00Z).
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from django.core.management.base import BaseCommand, CommandError

from events import history, operations
from events.errors import NothingToDeclare
from events.history import Span
from events.journal import head
from events.operations import Differs, Wish, WrongMoment
from events.verify import faults
from protocol.catalogue import UnknownType

__all__ = ["Command"]

_LOOK_EVERY_S: Final = 0.1
_MOST_FAULTS: Final = 20
# What an operator can mend by asking otherwise; said in a line, without a traceback.
_SAID: Final = (Differs, WrongMoment, UnknownType, NothingToDeclare, FileExistsError)


class Command(BaseCommand):
    """`manage.py journal`."""

    help = "read, replay, verify or rebuild from the journal, or declare that it was restored"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and its options."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        tail = verbs.add_parser("tail", help="print events, a line each; personal values stay sealed")
        tail.add_argument("--after", type=int, help="start after this position (default: the last 20)")
        tail.add_argument("--limit", type=int, default=1 << 62, help="end after so many events")
        tail.add_argument("--subject", help="only this case or client")
        tail.add_argument("--follow", action="store_true", help="go on with what comes, until Ctrl-C")
        replay = verbs.add_parser("replay", help="print or count any part of the journal")
        replay.add_argument("--from", dest="first", default="", help="position (included) or time")
        replay.add_argument("--to", dest="last", default="", help="position or time (included)")
        replay.add_argument("--streams", default="", help="only these, with commas between")
        replay.add_argument("--subject", help="only this case or client")
        replay.add_argument("--count", action="store_true", help="count the events of each type")
        rebuild = verbs.add_parser("rebuild", help="make the event-sourced tables anew from the journal")
        what = rebuild.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="only compare; fails when rows differ")
        what.add_argument("--as-of", default="", help="as they were then, into a file of their own")
        rebuild.add_argument("--into", type=Path, help="that file; it must not be there yet")
        for paced in (replay, rebuild):
            paced.add_argument("--rate", type=float, default=0, help="at most so many events a second")
        verbs.add_parser("verify", help="check places, order, times, bytes and protection")
        verbs.add_parser("restored", help="a back-up was put back: begin a new epoch")

    def handle(self, *_args: object, **options: object) -> None:
        """Do what the verb says."""
        try:
            self._do(Namespace(**options))
        except _SAID as error:
            raise CommandError(str(error)) from error

    def _do(self, asked: Namespace) -> None:
        match asked.verb:
            case "tail":
                self._tail(asked)
            case "replay":
                self._replay(asked)
            case "rebuild":
                self._rebuild(asked)
            case "verify":
                self._verify()
            case _:
                operations.restored(self.stdout.write)

    def _tail(self, asked: Namespace) -> None:
        position, left = asked.after, asked.limit
        if position is None:
            position = max(0, head().position - 20)
        while left > 0:
            end = head().position
            for record in history.records(Span(after=position, through=end, subject=asked.subject)):
                self.stdout.write(operations.line(record))
                left -= 1
                if left == 0:
                    return
            position = max(position, end)
            if not asked.follow:
                return
            time.sleep(_LOOK_EVERY_S)

    def _replay(self, asked: Namespace) -> None:
        streams = tuple(name for name in asked.streams.split(",") if name)
        wish = Wish(
            first=asked.first, last=asked.last, streams=streams, subject=asked.subject, per_s=asked.rate
        )
        operations.replay(wish, self.stdout.write, count=asked.count)

    def _rebuild(self, asked: Namespace) -> None:
        if not asked.as_of:
            operations.rebuild_tables(self.stdout.write, check=asked.check, per_s=asked.rate)
        elif asked.into is None:
            raise CommandError("say with --into in which file the tables should be built")
        else:
            operations.build_as_of(asked.as_of, asked.into, self.stdout.write)

    def _verify(self) -> None:
        found = 0
        for fault in faults():
            found += 1
            self.stderr.write(fault)
            if found == _MOST_FAULTS:
                break
        if found:
            raise CommandError(
                "the journal is not sound: stop writing, keep the file, look at the faults above"
            )
        self.stdout.write(f"sound: {head().position} events, epoch {head().epoch or 'none yet'}")
