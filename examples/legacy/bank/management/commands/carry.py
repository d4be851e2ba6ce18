"""What a larger bank runs besides, until SIGTERM: positions on PostgreSQL, and the way to Kafka.

python -m examples.legacy.manage carry
"""

from __future__ import annotations

import secrets
import signal
import threading

from django.conf import settings
from django.core.management import BaseCommand
from django.db import connections

from events.database import DATABASE
from events.database.connecting import conninfo
from events.relay import Relay
from events.sequencer import Sequencer

__all__ = ["Command"]


class Command(BaseCommand):
    """`carry`."""

    help = "give events on PostgreSQL their positions, and carry them to Kafka where VOUCH_KAFKA names one"

    def handle(self, *_args: object, **_options: object) -> None:
        """Run what there is to run."""
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
        threads = []
        if connections[DATABASE].vendor == "postgresql":
            threads.append(threading.Thread(target=Sequencer(conninfo(DATABASE)).run, args=(stop,)))
        if settings.KAFKA is not None:
            relay = Relay(settings.KAFKA, leader=secrets.token_hex(8))
            threads.append(threading.Thread(target=relay.run, args=(stop,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
