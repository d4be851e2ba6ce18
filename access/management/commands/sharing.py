"""Sharing groups: `manage.py sharing join CLIENT GROUP --ground TEXT`, `leave CLIENT GROUP`, `list`."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from django.core.management import BaseCommand, CommandError

from access.models import SharingMember
from access.sharing import join_group, leave_group, members_of
from protocol.ids import from_us, to_us
from protocol.problems import Refused

__all__ = ["Command"]


class Command(BaseCommand):
    """Says who is compared with whom, and changes it; works while the product serves."""

    help = "let clients' cases be compared with each other's for fraud, or no more"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, with whom."""
        verbs = parser.add_subparsers(dest="action", required=True)
        join = verbs.add_parser("join", help="compare a client's cases with those of a group's members")
        leave = verbs.add_parser("leave", help="compare nothing of a client's there any more")
        for one in (join, leave):
            one.add_argument("client", help="its id, cl_…")
            one.add_argument("group", help="the group's name: a to z, 0 to 9 and hyphens")
        join.add_argument("--ground", required=True, help="the legal ground, in words, for the record")
        join.add_argument(
            "--until", default="", help="the day at whose beginning (UTC) it ends by itself, as 2028-01-01"
        )
        verbs.add_parser("list", help="say who is, or was, in which group, and why")

    def handle(self, *_args: object, **options: object) -> None:
        """Do it.

        Raises:
            CommandError: it cannot be done; the message says why.
        """
        now, client, group = datetime.now(UTC), str(options.get("client")), str(options.get("group"))
        try:
            match options["action"]:
                case "join":
                    until, ground = _end(str(options["until"])), str(options["ground"])
                    join_group(client=client, group=group, legal_ground=ground, now=now, until=until)
                case "leave":
                    leave_group(client=client, group=group, now=now)
        except Refused as refused:
            raise CommandError(refused.detail) from refused
        for line in _lines(to_us(now)):
            self.stdout.write(line)


def _end(said: str) -> datetime | None:
    if not said:
        return None
    try:
        return datetime.combine(date.fromisoformat(said), time(), UTC)
    except ValueError as error:
        raise CommandError(f"--until must be a day as 2028-01-01, not {said!r}") from error


def _lines(now_us: int) -> Iterator[str]:
    rows = members_of()
    yield from (_line(row, now_us) for row in rows)
    if not rows:
        yield "nobody is in a sharing group"


def _line(row: SharingMember, now_us: int) -> str:
    ends_us = row.left_at_us or row.until_us
    ends = f" to {from_us(ends_us):%Y-%m-%d}" if ends_us else ""
    over = " (over)" if row.left_at_us or 0 < row.until_us <= now_us else ""
    since = f"{from_us(row.from_us):%Y-%m-%d}"
    return f"{row.sharing_group} {row.client} from {since}{ends}{over}: {row.legal_ground}"
