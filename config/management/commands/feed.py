"""The feed writer's process; it runs until SIGTERM."""

from __future__ import annotations

from django.core.management import BaseCommand

from config.stopping import stop_on_signal
from streaming.run import build_runner

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py feed`."""

    help = "write every client's feed from the journal until SIGTERM"

    def handle(self, *_args: object, **_options: object) -> None:
        """Run."""
        build_runner().run(stop_on_signal())
