"""Makes every table and tells the services where the journal door is; run before anything else starts."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.conf import settings
from django.core.management import BaseCommand, call_command

from config.environment import environment
from config.supervisor import write_privately
from events.door.services import issue_service_keys, services

__all__ = ["Command"]


class Command(BaseCommand):
    """`manage.py prepare --door-port N`."""

    help = "make every table, and write the journal door's address and the services' keys"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the door's port."""
        parser.add_argument("--door-port", type=int, required=True)

    def handle(self, *_args: object, **options: object) -> None:
        """Migrate each database, then write the run file, readable by its owner only."""
        for alias in settings.DATABASES:
            call_command("migrate", database=alias, verbosity=0, interactive=False)
        content = {"door": f"http://127.0.0.1:{options['door_port']}", "keys": issue_service_keys(services())}
        write_privately(environment().run_file, json.dumps(content))
