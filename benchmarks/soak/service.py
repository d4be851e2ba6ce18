"""The service that is killed: a row, an event home, and a line in a file for each message.

The row shows whether a message was lost or
handled twice, the event whether the way home loses or doubles, the line what becomes of the outside world.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from typing import Final

from benchmarks.soak.messages import STREAM
from protocol.envelope import Event
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import (
    Call,
    Context,
    Doubt,
    Effect,
    Handler,
    HttpDoor,
    HttpJournalSource,
    Mode,
    Outbox,
    Runner,
    Store,
    Subscriber,
    Superseded,
    ThreadPool,
    configure_logs,
    make_effects,
    open_store,
)
from subscriber.kafka import KafkaSettings, kafka_settings, kafka_source
from subscriber.serving import Door, ServiceSettings

__all__ = ["main"]

# The one service that the catalogue lets speak.
_NAME: Final = "decisions"
_HELD: Final = Effect("soak.held", Doubt.HOLD)
_RESENT: Final = Effect("soak.resent", Doubt.RESEND)
_SEEN: Final = """
    CREATE TABLE IF NOT EXISTS soak_seen (
        number INTEGER PRIMARY KEY, event TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL
    )
"""
# As long as a call to somebody near takes.
_CALL_S: Final = 0.003
_CALLS_AT_ONCE: Final = 4


def _subscriber(file: Path) -> Subscriber:
    def write(given: object) -> object:
        """Act on the outside world; whoever locks the file holds every call up."""
        if not isinstance(given, Call):
            raise TypeError(f"only what was asked is written, not {type(given).__name__}")
        time.sleep(_CALL_S)
        with file.open("ab", buffering=0) as lines:
            fcntl.flock(lines, fcntl.LOCK_EX)
            lines.write(f"{given.key}\n".encode())
        return "written"

    handler = Handler((verification.CaseSubmitted,), _note, gather=_ask, work=write, mode=Mode.REACT)
    return Subscriber(_NAME, (STREAM,), (handler,))


def _effect(event: Event) -> Effect:
    """Have one half of all messages held in doubt, and the other sent again."""
    return _HELD if event.envelope.id.int % 2 else _RESENT


def _ask(event: Event, ctx: Context) -> Call | None:
    return _effect(event).asked(event, ctx)


def _note(event: Event, value: object, ctx: Context) -> None:
    e = event.envelope
    ctx.execute(
        "INSERT INTO soak_seen (event, key, position) VALUES (?, ?, ?)",
        (str(e.id), e.partition_key, e.position),
    )
    reached = decisions.DecisionReached(outcome="refer", state="provisional", because=[str(e.id)])
    ctx.emit(reached, subject=e.subject, client=e.client)
    if value is not None:
        _effect(event).answered(event, str(value), ctx)


def _prepare(store: Store) -> None:
    make_effects(store)
    with store.transaction():
        store.execute(_SEEN)


def main(run_file: str, database: str, file: str) -> None:
    """Follow until killed, on Kafka, and through the door while Kafka is away.

    Args:
        run_file: where the product says its door and the services' keys.
        database: the service's own, an address or a path.
        file: what stands for the outside world.
    """
    configure_logs()
    # It tells when it leaves Kafka for the door, and why: the run counts that.
    logging.getLogger("subscriber.handover").setLevel(logging.INFO)
    door, kafka = ServiceSettings(_NAME, Path(run_file).parent).door(), kafka_settings(os.environ)
    if kafka is None:
        raise RuntimeError("the soak's service needs VOUCH_KAFKA")
    store = open_store(database)
    _prepare(store)
    while True:
        try:
            _follow(door, kafka, store, Path(file))
        except Superseded as error:
            # A coordinator that was killed may shut out its only member; a supervisor starts it again.
            print(f"starts again: {error}", flush=True)


def _follow(door: Door, kafka: KafkaSettings, store: Store, file: Path) -> None:
    journal = HttpJournalSource(door.url, door.key, (STREAM,))
    source = kafka_source(kafka, _NAME, (STREAM,), journal, instance="1")
    outbox = Outbox(store, HttpDoor(door.url, door.key), source=_NAME)
    try:
        pool = ThreadPool(_CALLS_AT_ONCE)
        Runner([_subscriber(file)], source, store, outbox, pool=pool).run(threading.Event())
    finally:
        source.close()
