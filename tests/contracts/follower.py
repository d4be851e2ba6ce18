"""A service in a process of its own, to be killed: `python -m tests.contracts.follower URL KEY FILE`."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from protocol.envelope import Event
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from subscriber import (
    Context,
    Handler,
    HttpDoor,
    HttpJournalSource,
    Outbox,
    Runner,
    SqliteStore,
    Subscriber,
    ThreadPool,
    Timer,
)

__all__ = ["main"]

_STREAMS = ("verification.case",)


def _count(event: Event, value: object, ctx: Context) -> None:
    e = event.envelope
    ctx.execute("CREATE TABLE IF NOT EXISTS counted (subject TEXT PRIMARY KEY, times INTEGER)")
    ctx.execute(
        "INSERT INTO counted VALUES (?, 1) ON CONFLICT (subject) DO UPDATE SET times = times + 1",
        (e.subject,),
    )
    ctx.emit(d.DecisionReached(outcome=str(value)), subject=e.subject, client=e.client)
    ctx.remind(ctx.moment, "settle", e.subject)


def _settle(timer: Timer, ctx: Context) -> None:
    ctx.emit(d.DecisionExpired(outcome="approve"), subject=timer.key, client="cl_1")


def _position(event: Event, _ctx: Context) -> object:
    return event.envelope.position


def _slowly(given: object) -> object:
    time.sleep(0.004)
    return str(given)


def main(url: str, key: str, file: str) -> None:
    """Follow until killed."""
    store = SqliteStore(Path(file))
    handler = Handler((v.CaseSubmitted,), _count, gather=_position, work=_slowly)
    Runner(
        [Subscriber("victim", _STREAMS, (handler,), on_timer=_settle)],
        HttpJournalSource(url, key, _STREAMS),
        store,
        Outbox(store, HttpDoor(url, key), source="decisions"),
        pool=ThreadPool(2),
    ).run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
