"""Adds clients and sets what may be done for them: `python manage.py client add NAME [--test]` and others."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management import BaseCommand, CommandError

from access.clients import add_client, switch_reviewers
from access.dials import LONGEST_S, RegisterDial, limits_of, set_register_dial
from protocol.problems import Refused

__all__ = ["Command"]


class Command(BaseCommand):
    """Adding prints the client's id, then its key, alone on the last line; works while the product serves."""

    help = "add a client and print its id and its first key, or set what a client may and lets be done"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do and with which client."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add a client, and print its id and its first key")
        add.add_argument("name")
        add.add_argument("--test", action="store_true", help="make a key for test cases")
        reviewers = actions.add_parser("reviewers", help="let its own reviewers decide its cases, or not")
        reviewers.add_argument("client", help="the client's id, cl_…")
        reviewers.add_argument("switch", choices=["on", "off"])
        dial = actions.add_parser("dial", help="set what is done for a client while a dependency is away")
        dial.add_argument("client", help="the client's id, cl_…")
        dial.add_argument("dependency", choices=["register"])
        dial.add_argument("switch", choices=["on", "off"])
        for name, words in _LIMITS.items():
            dial.add_argument(name, action="append", default=[], metavar="MONEY", help=words)
        dial.add_argument(
            "--minutes", type=int, default=LONGEST_S // 60, help="how long it is waited for, 2 to 15"
        )

    def handle(self, *_args: object, **options: object) -> None:
        """Do it.

        Raises:
            CommandError: the name cannot be used, there is no such client, or the limits are none.
        """
        do = {"add": self._add, "reviewers": self._reviewers, "dial": self._dial}[str(options["action"])]
        try:
            do(options)
        except Refused as refused:
            raise CommandError(refused.detail) from refused

    def _add(self, options: dict[str, object]) -> None:
        client, key = add_client(name=str(options["name"]), now=datetime.now(UTC), live=not options["test"])
        self.stdout.write(client)
        self.stdout.write(key)

    def _reviewers(self, options: dict[str, object]) -> None:
        client, switch = str(options["client"]), str(options["switch"])
        switch_reviewers(client=client, on=switch == "on", now=datetime.now(UTC))
        self.stdout.write(f"own reviewers of {client}: {switch}")

    def _dial(self, options: dict[str, object]) -> None:
        client, switch = str(options["client"]), str(options["switch"])
        limits = limits_of(_list(options["cap"]), _list(options["up_to"]))
        dial = RegisterDial(switch == "on", limits, int(str(options["minutes"])) * 60)
        set_register_dial(client=client, dial=dial, now=datetime.now(UTC))
        waits = f", it is waited for {dial.wait_s // 60} minutes" if dial.on else ""
        self.stdout.write(f"the register dial of {client} is {switch}{waits}")
        for limit in dial.limits:
            each = f", in one case {limit.up_to}" if limit.up_to else ""
            self.stdout.write(f"  on trust at once up to {limit.cap} {limit.currency}{each}")


_LIMITS = {
    "--cap": "how much may stand approved on trust at once, '500.00 GBP'; again for another currency",
    "--up-to": "the highest stake of a case that is approved on trust; without: the cap alone",
}


def _list(said: object) -> list[str]:
    return [str(one) for one in said] if isinstance(said, list) else []
