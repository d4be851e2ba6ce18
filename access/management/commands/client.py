"""`manage.py client add NAME [--test]` and `client dial CLIENT register on --cap "500.00 GBP"`, or `off`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management import BaseCommand, CommandError

from access.clients import add_client
from access.dials import RegisterDial, limits_of, set_register_dial
from protocol.problems import Refused

__all__ = ["Command"]


class Command(BaseCommand):
    """Adding prints the client's id, then its key, alone on the last line; works while the product serves."""

    help = "add a client and print its id and its first key, or set what is done while a dependency is away"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with what."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add a client, and print its id and its first key")
        add.add_argument("name")
        add.add_argument("--test", action="store_true", help="make a key for test cases")
        dial = actions.add_parser("dial", help="set what is done for a client while a dependency is away")
        dial.add_argument("client")
        dial.add_argument("dependency", choices=["register"])
        dial.add_argument("setting", choices=["on", "off"])
        dial.add_argument(
            "--cap",
            action="append",
            default=[],
            metavar="MONEY",
            help="how much may stand approved on trust at once, '500.00 GBP'; again for another currency",
        )
        dial.add_argument(
            "--up-to",
            action="append",
            default=[],
            metavar="MONEY",
            help="the highest stake of a case that is approved on trust; without: the cap alone",
        )

    def handle(self, *_args: object, **options: object) -> None:
        """Add the client, or set its dial.

        Raises:
            CommandError: the name cannot be used, there is no such client, or the limits are none.
        """
        try:
            match options:
                case {
                    "action": "dial",
                    "client": client,
                    "setting": on,
                    "cap": list(cap),
                    "up_to": list(up_to),
                }:
                    self._dial(str(client), RegisterDial(on == "on", limits_of(cap, up_to)))
                case _:
                    self._add(str(options["name"]), live=not options["test"])
        except Refused as refused:
            raise CommandError(refused.detail) from refused

    def _add(self, name: str, *, live: bool) -> None:
        client, key = add_client(name=name, now=datetime.now(UTC), live=live)
        self.stdout.write(client)
        self.stdout.write(key)

    def _dial(self, client: str, wanted: RegisterDial) -> None:
        dial = set_register_dial(client=client, dial=wanted, now=datetime.now(UTC))
        self.stdout.write(f"the register dial of {client} is {'on' if dial.on else 'off'}")
        for limit in dial.limits:
            each = f", in one case {limit.up_to}" if limit.up_to else ""
            self.stdout.write(f"  on trust at once up to {limit.cap} {limit.currency}{each}")
