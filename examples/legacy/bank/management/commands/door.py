"""The journal's door, in a process beside the application until SIGTERM: services read and say events.

python -m examples.legacy.manage door --port 8201
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path

import uvicorn
from django.core.management import BaseCommand

from events.door import app
from events.door.services import issue_service_keys
from examples.legacy.bank import settings
from examples.legacy.language.streams import WELCOME

__all__ = ["Command"]


class Command(BaseCommand):
    """`door --port N`."""

    help = "serve the journal to services on a loopback port"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the port."""
        parser.add_argument("--port", type=int, required=True)

    def handle(self, *_args: object, **options: object) -> None:
        """Tell the services where, with their keys, and serve."""
        port = int(str(options["port"]))
        said = {"door": f"http://127.0.0.1:{port}", "keys": issue_service_keys([WELCOME])}
        _write_privately(settings.RUN_FILE, json.dumps(said))
        # Readers stay for ever: they are not waited for, and come again by themselves.
        uvicorn.run(app, port=port, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)


def _write_privately(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    new.replace(file)
