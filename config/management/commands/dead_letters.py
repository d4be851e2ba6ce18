"""What a follower inside the monolith could not handle, and what is done about it.

manage.py dead_letters NAME [list | show KEY | redrive (--key KEY | --all) [--dry-run] | drop --key KEY ...]
"""

from __future__ import annotations

import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime

from django.core.management import BaseCommand, CommandError

from config.environment import environment
from config.pipeline import subscribers
from events.emitting import JournalEmitter
from events.store import DjangoStore
from streaming.writing.writer import feed_writer
from subscriber import InlinePool, Subscriber
from subscriber.commands import add_letter_verbs, letters_command
from subscriber.unit import Tools
from verification.pipeline.step import Look

__all__ = ["Command"]


class _Looks:
    """Does a step's work in this process."""

    def submit(
        self, name: str, work: Callable[[object], object], given: object, affinity: str
    ) -> Future[object]:
        """Do it now; see `WorkPool`."""
        wanted = given.given if isinstance(given, Look) else given
        return InlinePool().submit(name, work, wanted, affinity)


class Command(BaseCommand):
    """`manage.py dead_letters`."""

    help = "list, show, redrive or drop what a step or the feed writer could not handle"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the follower's name and the verb."""
        parser.add_argument("name", help="as `manage.py doctor` says it")
        add_letter_verbs(parser)

    def handle(self, *_args: object, **options: object) -> None:
        """Do what the verb says; ends with 1 when something is left to do."""
        asked = Namespace(**options)
        followers = {one.name: (one, "default", "verification") for one in subscribers(environment())}
        followers[feed_writer().name] = (feed_writer(), "feed", "streaming")
        if asked.name not in followers:
            raise CommandError(f"there is no {asked.name}; there are {', '.join(sorted(followers))}")
        if self._do(asked, *followers[asked.name]):
            raise CommandError("something is left to do")

    def _do(self, asked: Namespace, subscriber: Subscriber, alias: str, source: str) -> int:
        store, emitter = DjangoStore(alias), JournalEmitter(source)
        tools = Tools(store, emitter, _Looks(), lambda: datetime.now(UTC), threading.Event())
        return letters_command(asked, subscriber, tools, self.stdout.write)
