"""Adds clients and sets what they may: `python manage.py client add NAME [--test]`, `client reviewers …`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management import BaseCommand, CommandError

from access.clients import add_client, switch_reviewers
from protocol.problems import Refused

__all__ = ["Command"]


class Command(BaseCommand):
    """Prints a new client's id, then its key, alone on the last line; works while the product serves."""

    help = "add a client and print its id and its first key, or set what a client may"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do and with which client."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add a client, and print its id and its first key")
        add.add_argument("name")
        add.add_argument("--test", action="store_true", help="make a key for test cases")
        reviewers = actions.add_parser("reviewers", help="let its own reviewers decide its cases, or not")
        reviewers.add_argument("client", help="the client's id, cl_…")
        reviewers.add_argument("switch", choices=["on", "off"])

    def handle(self, *_args: object, **options: object) -> None:
        """Do it.

        Raises:
            CommandError: the name cannot be used, or there is no such client.
        """
        try:
            self._switch(options) if options["action"] == "reviewers" else self._add(options)
        except Refused as refused:
            raise CommandError(refused.detail) from refused

    def _add(self, options: dict[str, object]) -> None:
        client, key = add_client(name=str(options["name"]), now=datetime.now(UTC), live=not options["test"])
        self.stdout.write(client)
        self.stdout.write(key)

    def _switch(self, options: dict[str, object]) -> None:
        client, switch = str(options["client"]), str(options["switch"])
        switch_reviewers(client=client, on=switch == "on", now=datetime.now(UTC))
        self.stdout.write(f"own reviewers of {client}: {switch}")
