"""The pipeline process; it runs until SIGTERM.

manage.py pipeline
manage.py pipeline --steps classify_front --from kafka
manage.py pipeline --without classify_front

The second shares a step's work with every other process that does it so, on this machine or on others; the
third is then the rest of the pipeline.
"""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError

from config.environment import environment
from config.inside import inside
from config.pipeline import NoCluster, WrongStep, chosen, run
from config.reaching import await_database
from config.stopping import stop_on_signal
from subscriber import keep_loaded

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py pipeline`."""

    help = "run steps of the pipeline until SIGTERM"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which steps, and where their events come from."""
        parser.add_argument("--steps", default="", help="names of steps, with commas; none: all")
        parser.add_argument("--without", default="", help="names of steps that other processes do")
        parser.add_argument(
            "--from", dest="source", choices=["journal", "kafka"], default="journal",
            help="kafka: share each step's work with other processes, as a consumer group",
        )  # fmt: skip

    def handle(self, *_args: object, **options: object) -> None:
        """Run."""
        settings, stop = environment(), stop_on_signal()
        await_database(stop)
        only, without = (_names(str(options[name])) for name in ("steps", "without"))
        try:
            listed = chosen(settings, only=only, without=without)
            keep_loaded()
            # Services lodge with the process that has the whole pipeline, or the rest of it.
            by_kafka = options["source"] == "kafka"
            with inside(() if by_kafka or only else settings.inside, stop):
                run(settings, stop, listed, by_kafka=by_kafka)
        except (WrongStep, NoCluster) as error:
            raise CommandError(str(error)) from error


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]
