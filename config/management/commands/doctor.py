"""How is the product? Every probe's findings, a line each; ends with 1 when somebody must do something.

It reads the monolith's own databases; a service says how it stands by its `lag`.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from events.findings import Finding, Probe, Severity, look
from events.probes import followers_of, journal_probes
from events.relay.probes import relay_probes
from streaming.probes import feed_probes

__all__ = ["Command", "probes"]

_SIGNS = {Severity.FINE: "  ", Severity.WATCH: "? ", Severity.ACT: "! "}


def probes() -> tuple[Probe, ...]:
    """List everything that is looked at; a room with something to look at adds its probes here."""
    return (
        *journal_probes(_now),
        *relay_probes(settings.KAFKA, _now),
        *followers_of("default", _now),
        *followers_of("feed", _now),
        *feed_probes(),
    )


class Command(BaseCommand):
    """`manage.py doctor [--quiet]`."""

    help = "say how the product is, and what must be done; ends with 1 when something must"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the option."""
        parser.add_argument("--quiet", action="store_true", help="only what is not fine")

    def handle(self, *_args: object, **options: Any) -> None:
        """Look, and say."""
        to_do = 0
        for probe in probes():
            for finding in look(probe):
                to_do += finding.severity is Severity.ACT
                if finding.severity is not Severity.FINE or not options["quiet"]:
                    self.stdout.write(_line(probe, finding))
        if to_do:
            raise CommandError(f"{to_do} things must be done")


def _line(probe: Probe, finding: Finding) -> str:
    todo = f" -> {finding.todo}" if finding.todo else ""
    return f"{_SIGNS[finding.severity]}{probe.name}: {finding.what}{todo}"


def _now() -> datetime:
    return datetime.now(UTC)
