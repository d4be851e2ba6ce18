"""Replay: the whole journal read and decoded, and the same through a subscriber into rows of its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.backbone.house import STREAM, fill, main, number, sequenced
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Emission, Handler, Runner, SqliteStore, Store, Subscriber

__all__ = ["Silent", "counting", "read"]


class Silent:
    """An emitter for subscribers that say nothing."""

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Take nothing."""

    def carry(self, bell: object) -> bool:
        """Carry nothing."""
        del bell
        return False


def counting(store: Store, name: str) -> Subscriber:
    """Make a subscriber that keeps one row a case in its own database."""
    with store.transaction():
        store.execute("CREATE TABLE IF NOT EXISTS counted (subject TEXT PRIMARY KEY, times INTEGER)")

    def apply(event: Event, _value: object, ctx: Context) -> None:
        ctx.execute(
            "INSERT INTO counted VALUES (?, 1) ON CONFLICT (subject) DO UPDATE SET times = counted.times + 1",
            (event.envelope.subject,),
        )

    return Subscriber(name, (STREAM,), (Handler((v.CheckCompleted,), apply),))


def read(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Measure both in turns, in events a second over `n` events, `rounds` times."""
    n, rounds = number(asked, "n"), number(asked, "rounds")
    with sequenced():
        fill(n)
    found = [(_decoded(n), _projected(n)) for _ in range(rounds)]
    return {"read": [one for one, _ in found], "projected": [one for _, one in found]}


def _decoded(n: int) -> float:
    from events.history import Span, events  # noqa: PLC0415 - Django is set up by the part's own main

    began_s = time.perf_counter()
    seen = sum(1 for event in events(Span(through=n)) if event.message is not None)
    return seen / (time.perf_counter() - began_s)


def _projected(n: int) -> float:
    from events.source import SqlJournalSource  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "service.sqlite3")
        runner = Runner([counting(store, "replayed")], SqlJournalSource((STREAM,)), store, Silent())
        began_s = time.perf_counter()
        while runner.counts("replayed").handled < n:
            runner.step()
        took_s = time.perf_counter() - began_s
        store.close()
    return n / took_s


if __name__ == "__main__":
    main(read)
