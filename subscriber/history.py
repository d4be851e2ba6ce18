"""A run over the whole history beside everything: in rows of its own, thrown away; nothing is said or done.

So another version of a service, or other data for it, is compared with what was really said: a back-test, a
shadow, a re-scoring.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from protocol.records import Recorded
from subscriber.context import Emission
from subscriber.declare import Mode
from subscriber.errors import SourceAway
from subscriber.opening import open_store
from subscriber.pacing import Pace
from subscriber.rebuild import Bounded, Service, catch_up, make_tables
from subscriber.runner import Runner
from subscriber.source import Source

__all__ = ["over_history", "whole"]

_SAY_EVERY: Final = 100_000
_AT_ONCE: Final = 2_000
_ANSWER_S: Final = 5.0
_REST_S: Final = 0.002


def whole(source: Source, end: int) -> Iterator[Recorded]:
    """Read the journal from its beginning up to a position.

    Raises:
        SourceAway: it does not answer.
    """
    at, since_s = 0, time.monotonic()
    while at < end:
        batch = source.read(at, _AT_ONCE)
        yield from batch.records
        if batch.through > at:
            at, since_s = batch.through, time.monotonic()
        elif time.monotonic() - since_s > _ANSWER_S:
            raise SourceAway("the journal says that there is more, and does not send it")
        else:
            time.sleep(_REST_S)


def over_history(
    service: Service,
    hear: Callable[[Emission], None],
    *,
    pace: Pace | None = None,
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Run a service over the journal up to its present end; gives the position that it came to.

    Handlers that touch the outside world are left out. Timers fire as they would have, those due by now too.

    Args:
        service: its `source` opens the history; its `versions` are not touched.
        hear: takes what it says, once each, in the order in which it does.
        pace: how fast it may read; None: as fast as it can.
        stop: when set, the run ends.
        progress: told now and then how far the run is, and how far it goes.

    Raises:
        Stopped: it was told to.
        BreakerOpen: so many events fail that nothing can be learnt from the run.
        SourceAway: the journal cannot be read.
    """
    inside = tuple(handler for handler in service.subscriber.handlers if handler.mode is Mode.PROJECT)
    subscriber = replace(service.subscriber, handlers=inside)
    began, told = datetime.now(UTC), stop or threading.Event()
    with (
        tempfile.TemporaryDirectory(prefix="history-") as folder,
        closing(service.source()) as source,
        closing(open_store(Path(folder) / "rows.sqlite3")) as store,
    ):
        make_tables(service, store)
        bounded, head = Bounded(source, pace or Pace()), source.read(0, 1).head
        runner = Runner([subscriber], bounded, store, _Ear(hear), clock=lambda: began)
        for through in (*range(_SAY_EVERY, head, _SAY_EVERY), head):
            catch_up(runner, subscriber.name, bounded, through, told)
            if progress is not None:
                progress(through, head)
        while runner.step():
            # Timers that are due by now.
            pass
    return head


class _Ear:
    """An `Emitter` that carries nothing home."""

    def __init__(self, hear: Callable[[Emission], None]) -> None:
        self._hear = hear
        self._heard: set[bytes] = set()

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Pass on what was not heard yet: what is tried again has the same id."""
        del now
        for said in emissions:
            if said.id.bytes not in self._heard:
                self._heard.add(said.id.bytes)
                self._hear(said)

    def carry(self, bell: threading.Event) -> bool:
        """Carry nothing."""
        del bell
        return False
