"""Tells how far the move of the welcome letters has come, or goes one step on or back.

python -m examples.legacy.manage stage
python -m examples.legacy.manage stage handed_over
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management import BaseCommand, CommandError

from examples.legacy.bank.stage import STAGES, WrongMove, glance, move

__all__ = ["Command"]


class Command(BaseCommand):
    """`stage [NAME]`."""

    help = "tell how far the move has come, or go one step"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the stage to go to."""
        parser.add_argument("to", nargs="?", choices=STAGES)

    def handle(self, *_args: object, **options: object) -> None:
        """Go, and tell."""
        try:
            if options["to"]:
                move(str(options["to"]), now=datetime.now(UTC))
        except WrongMove as error:
            raise CommandError(str(error)) from error
        stage = glance()
        self.stdout.write(f"{stage.name}: letters of accounts opened now are sent by {stage.letters_by}")
