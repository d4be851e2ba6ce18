"""The journal on the command line: what it says, whether it is sound, and its tables made anew.

manage.py journal tail [--after N] [--limit N] [--follow] [--subject CASE]
manage.py journal verify
manage.py journal rebuild
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Final

from django.core.management.base import BaseCommand, CommandError

from events.journal import after, head
from events.projections import declared_models, rebuild
from events.verify import faults
from protocol.envelope import Event

__all__ = ["Command"]

_LOOK_EVERY_S: Final = 0.1
_MOST_FAULTS: Final = 20


class Command(BaseCommand):
    """`manage.py journal`."""

    help = "read, verify or rebuild from the journal"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and its options."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        tail = verbs.add_parser("tail", help="print events, a line each; personal values stay sealed")
        tail.add_argument("--after", type=int, help="start after this position (default: the last 20)")
        tail.add_argument("--limit", type=int, default=0, help="end after so many events")
        tail.add_argument("--subject", help="only this case or client")
        tail.add_argument("--follow", action="store_true", help="go on with what comes, until Ctrl-C")
        verbs.add_parser("verify", help="check places, order, times, bytes and protection")
        verbs.add_parser("rebuild", help="make the event-sourced tables anew from the journal")

    def handle(self, *_args: object, **options: object) -> None:
        """Do what the verb says."""
        match options["verb"]:
            case "tail":
                self._tail(options)
            case "verify":
                self._verify()
            case _:
                count = rebuild()
                self.stdout.write(f"{len(declared_models())} tables rebuilt from {count} events")

    def _tail(self, options: dict[str, object]) -> None:
        position = options["after"] if isinstance(options["after"], int) else max(0, head().position - 20)
        subject = options["subject"] if isinstance(options["subject"], str) else None
        left = options["limit"] if isinstance(options["limit"], int) and options["limit"] else 1 << 62
        while left > 0:
            events = after(position, subject=subject, limit=min(left, 1000))
            for event in events:
                self.stdout.write(_line(event))
                position = event.envelope.position
            left -= len(events)
            if not events and not options["follow"]:
                return
            if not events:
                time.sleep(_LOOK_EVERY_S)

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


def _line(event: Event) -> str:
    e = event.envelope
    name = e.type.rsplit(".", 1)[-1]
    at = f"{e.sequenced_at:%Y-%m-%dT%H:%M:%S.%fZ}"
    return f"{e.position:>8}  {at}  {e.subject}  {e.keyseq:>4}  {name}  ({e.source})"
