"""A writer: says its messages in small transactions, as far as `FOLDER/NAME.share` allows.

It notes in `FOLDER/NAME.said` how far it knows to have come. Killed before it knew, it says the same again.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.db import OperationalError, connections, transaction

from benchmarks.soak.messages import event_id, key_of, note, noted
from events.database import DATABASE
from events.journal import Draft, record
from protocol.schemas import verification_v1_pb2 as v

__all__ = ["main"]

_MOST_AT_ONCE: Final = 5
_LONGEST_PAUSE_S: Final = 0.05


def main(writer: str, folder: str) -> None:
    """Say what there is to say until killed."""
    said, share = Path(folder) / f"{writer}.said", Path(folder) / f"{writer}.share"
    number = noted(said)
    note(said, number)
    while True:
        until = min(noted(share), number + random.randint(1, _MOST_AT_ONCE))
        if until > number and _say(writer, range(number, until)):
            # Here most kills hit it: the messages are committed, and it does not know.
            time.sleep(random.random() * _LONGEST_PAUSE_S)
            number = until
            note(said, number)
        else:
            time.sleep(_LONGEST_PAUSE_S)


def _say(writer: str, numbers: range) -> bool:
    """Say messages in one transaction; false when nobody knows whether they are said."""
    try:
        with transaction.atomic():
            for number in numbers:
                record([_draft(writer, number)], now=datetime.now(UTC))
    except OperationalError:
        connections[DATABASE].close()
        return False
    return True


def _draft(writer: str, number: int) -> Draft:
    message = v.CaseSubmitted(by=f"{writer}:{number}")
    return Draft(message=message, subject=key_of(writer, number), client="cl_1", id=event_id(writer, number))
