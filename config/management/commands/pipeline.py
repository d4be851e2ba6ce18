"""The pipeline process; it runs until SIGTERM."""

from __future__ import annotations

from django.core.management import BaseCommand

from config.environment import environment
from config.pipeline import run
from config.stopping import stop_on_signal

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py pipeline`."""

    help = "run every step of the pipeline until SIGTERM"

    def handle(self, *_args: object, **_options: object) -> None:
        """Run."""
        run(environment(), stop_on_signal())
