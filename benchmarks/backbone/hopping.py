"""One hop: from a writer's commit to the start of the next handler, which has its own database."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.backbone.house import STREAM, check_ended, main, number, sequenced
from benchmarks.backbone.reading import Silent
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Runner, SqliteStore, Subscriber

__all__ = ["Stopwatch", "hop"]

_PAUSE_S = 0.02


class Stopwatch:
    """Notes when each event was committed and when a handler began with it, by the event's key."""

    def __init__(self) -> None:
        self.committed_s: dict[str, float] = {}
        self.began_s: dict[str, float] = {}

    def begin(self, event: Event, _value: object, _ctx: Context) -> None:
        """Be the handler."""
        self.began_s.setdefault(event.envelope.subject, time.monotonic())

    def write(self, count: int) -> None:
        """Commit one event after another, 50 a second, and wait for the last handler."""
        from events.journal import record  # noqa: PLC0415 - Django is set up by the part's own main

        for n in range(count):
            (event,) = record([check_ended(n)], now=datetime.now(UTC))
            self.committed_s[event.envelope.subject] = time.monotonic()
            time.sleep(_PAUSE_S)
        until_s = time.monotonic() + 10
        while len(self.began_s) < count and time.monotonic() < until_s:
            time.sleep(0.01)

    def hops_ms(self) -> list[float]:
        """Give how long each took, ms; at least 0: a handler may begin before the commit is noted."""
        both = self.committed_s.keys() & self.began_s.keys()
        return sorted(max(0.0, self.began_s[key] - self.committed_s[key]) * 1000 for key in both)


def hop(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Measure `n` hops, ms."""
    from events.source import SqlJournalSource  # noqa: PLC0415 - as above

    watch, stop = Stopwatch(), threading.Event()
    subscriber = Subscriber("hop", (STREAM,), (Handler((v.CheckCompleted,), watch.begin),))
    with tempfile.TemporaryDirectory() as folder, sequenced():
        store = SqliteStore(Path(folder) / "service.sqlite3")
        runner = Runner([subscriber], SqlJournalSource((STREAM,)), store, Silent())
        thread = threading.Thread(target=runner.run, args=(stop,))
        thread.start()
        time.sleep(0.5)
        watch.write(number(asked, "n"))
        stop.set()
        thread.join()
        store.close()
    return {"ms": watch.hops_ms()}


if __name__ == "__main__":
    main(hop)
