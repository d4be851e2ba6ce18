"""Adds clients: `python manage.py client add NAME [--test]`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management import BaseCommand, CommandError

from access.clients import add_client
from protocol.problems import Refused

__all__ = ["Command"]


class Command(BaseCommand):
    """Prints the client's id, then its key, alone on the last line; works while the product serves."""

    help = "add a client, and print its id and its first key"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, the client's name, and whether its key is for test cases."""
        parser.add_argument("action", choices=["add"])
        parser.add_argument("name")
        parser.add_argument("--test", action="store_true", help="make a key for test cases")

    def handle(self, *_args: object, **options: object) -> None:
        """Add the client.

        Raises:
            CommandError: the name cannot be used.
        """
        try:
            client, key = add_client(
                name=str(options["name"]), now=datetime.now(UTC), live=not options["test"]
            )
        except Refused as refused:
            raise CommandError(refused.detail) from refused
        self.stdout.write(client)
        self.stdout.write(key)
