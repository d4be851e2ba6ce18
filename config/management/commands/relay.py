"""The relay's process: carries the journal to Kafka until SIGTERM.

manage.py relay
manage.py relay --new-cluster [--after POSITION]    forgets the checkpoint, and ends
"""

from __future__ import annotations

import secrets
import socket
from argparse import ArgumentParser

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.metering import meters_of, watch_relay
from config.reaching import await_database
from config.stopping import stop_on_signal
from events.errors import NotTheLeader, RelayRefused
from events.journal import head
from events.relay import Relay, start_over
from subscriber import keep_loaded

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py relay`."""

    help = "carry the journal to the Kafka cluster of VOUCH_KAFKA until SIGTERM"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what an operator decides after a cluster was replaced."""
        parser.add_argument(
            "--new-cluster",
            action="store_true",
            help="only forget the checkpoint: the next start fills the cluster that answers then",
        )
        parser.add_argument(
            "--after", type=int, default=0, help="with --new-cluster: leave out everything up to here"
        )

    def handle(self, *_args: object, **options: object) -> None:
        """Run."""
        if settings.KAFKA is None:
            raise CommandError("VOUCH_KAFKA names no cluster: without one there is nothing to carry to")
        try:
            if options["new_cluster"]:
                # It ends here: left in a unit file it would fill the cluster again at every start.
                return self._start_over(int(str(options["after"])))
            keep_loaded()
            stop = stop_on_signal()
            relay = Relay(settings.KAFKA, leader=f"{socket.gethostname()[:40]}:{secrets.token_hex(8)}")
            with meters_of("relay") as meters:
                watch_relay(meters, relay)
                await_database(stop)
                relay.run(stop)
        except RelayRefused as error:
            raise CommandError(str(error)) from error

    def _start_over(self, position: int) -> None:
        end = head()
        if not 0 <= position <= end.position:
            raise CommandError(f"the journal has positions 1 to {end.position}; --after {position} is none")
        try:
            start_over(position, epoch=end.epoch)
        except NotTheLeader as error:
            raise CommandError(f"a relay is running, stop it first: {error}") from error
        self.stdout.write(f"forgotten: the next start carries everything after {position}")
