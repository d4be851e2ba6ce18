"""The rebuild run: a subscriber's rows made anew from the journal beside the live ones, swapped at the end.

What it says is dropped, since it was said before; reacting handlers are not called; timers are set, but not
fired by the clock. Two things would be lost so, and are kept in the new outbox: what a dead letter of the
live version never came to say, and, after a restore, everything: the journal drops what it has. Dead letters
of reacting handlers stay dead letters, and what is known of outside effects is taken along.
The live version goes on until it is fenced off for the moment of the swap (`docs/decisions/0015`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from protocol.ids import from_us, to_us
from subscriber import outbox
from subscriber.context import Emission
from subscriber.declare import Mode, Subscriber
from subscriber.effects import make_effects
from subscriber.errors import SubscriberError, Undeclared
from subscriber.ledger import DeadLetter, Ledger, Reached, reached
from subscriber.letters import Letter, Letters
from subscriber.lineage import joined
from subscriber.opening import open_store
from subscriber.pacing import Pace
from subscriber.runner import Runner
from subscriber.source import Batch, Source, Wrapped
from subscriber.store import Store
from subscriber.tables import make_outbox
from subscriber.versions import Versions
from subscriber.witness import Seen, Witness, is_there

__all__ = [
    "Bounded",
    "Echo",
    "NeverAnew",
    "Rebuilt",
    "Service",
    "Stopped",
    "catch_up",
    "make_tables",
    "rebuild",
]

_REST_S: Final = 0.002
# So close behind the live version, the rest is done while it is held.
_CLOSE: Final = 200
# What every transaction of a live process or of an operator writes something of; in the order of most.
_WRITTEN: Final = (
    *("subscriber_outbox", "subscriber_dead_letter", "subscriber_action"),
    *("subscriber_partition", "subscriber_checkpoint", "subscriber_effect"),
)


class NeverAnew(SubscriberError):
    """It keeps a record of all that came, which is appended to and never made anew."""


class Stopped(SubscriberError):
    """The rebuild was told to stop; the live version serves as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service is made of, for its commands; `source` opens a way to the whole history."""

    subscriber: Subscriber
    versions: Versions
    prepare: Callable[[Store], None]
    source: Callable[[], Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild came to: events handled, the position it stands at, seconds live was held."""

    handled: int
    position: int
    held_s: float
    restored: bool


class Bounded(Wrapped):
    """A source that ends at a position, and is read no faster than a pace."""

    def __init__(self, source: Source, pace: Pace) -> None:
        super().__init__(source)
        self._pace = pace
        self._last: Batch | None = None
        self.through = 0

    def read(self, after: int, limit: int) -> Batch:
        """Give events up to the bound; see `Source`."""
        if self._last is not None and after >= self.through:
            return Batch(self._last.epoch, (), after, after, self._last.lineage)
        batch = self.whole.read(after, limit)
        records = tuple(record for record in batch.records if record.position <= self.through)
        self._pace.passed(len(records))
        self._last = batch
        end = min(batch.through, self.through)
        return Batch(batch.epoch, records, end, max(self.through, end), batch.lineage)


class Echo:
    """The emitter of a rebuild: keeps, for whoever lives next, what was never said; drops the rest."""

    def __init__(self, store: Store, source: str, unsaid: Callable[[Emission], bool]) -> None:
        self._store = store
        self._source = source
        self._unsaid = unsaid

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Keep or drop; see `Emitter`."""
        if kept := [said for said in emissions if self._unsaid(said)]:
            outbox.put(self._store, kept, source=self._source, now=now)

    def carry(self, bell: threading.Event) -> bool:
        """Carry nothing: a rebuild says nothing to anybody."""
        del bell
        return False


def rebuild(service: Service, *, pace: Pace | None = None, stop: threading.Event | None = None) -> Rebuilt:
    """Make a service's rows anew and swap them in; until then, whatever happens, the live version serves.

    Raises:
        NeverAnew: it keeps a recording.
        Stopped: it was told to.
        AlreadyBuilding: somebody else rebuilds it.
        Undeclared: the journal was restored, and nobody has said so.
        StoreAway: the database is away, or the live version could not be held: come again.
        BreakerOpen: so many events fail that the new version would be no better: mend the handler.
    """
    if service.subscriber.recording is not None:
        raise NeverAnew(
            f"{service.subscriber.name} keeps a record of what came, also of what a restore has since taken "
            "away: it is compared with the journal, and never made anew from it"
        )
    told = stop or threading.Event()
    with (
        service.versions.building() as built,
        closing(open_store(service.versions.current())) as live,
        closing(service.source()) as source,
    ):
        make_tables(service, live)
        with closing(open_store(built)) as new:
            make_tables(service, new)
            return _Building(service, live, new, Bounded(source, pace or Pace())).run(built, told)


def catch_up(runner: Runner, name: str, source: Bounded, through: int, stop: threading.Event) -> None:
    """Have a subscriber finish everything up to a position, and write its checkpoint.

    Raises:
        Stopped: it was told to.
        BreakerOpen: see `Runner.run`.
    """
    source.through = max(source.through, through)
    while runner.floor(name) < through:
        if stop.is_set():
            raise Stopped("the rebuild was told to stop: nothing has changed")
        if not runner.step():
            time.sleep(_REST_S)
    runner.settle()


class _Building:
    """One rebuild under way."""

    def __init__(self, service: Service, live: Store, new: Store, source: Bounded) -> None:
        self._service = service
        self._name = service.subscriber.name
        self._live, self._new, self._source = live, new, source
        self._restored, self._head = self._look()
        self._unheard: set[bytes] = set()

    def run(self, built: str | Path, stop: threading.Event) -> Rebuilt:
        """Build, fence the live version off, catch up, swap."""
        echo = Echo(self._new, self._name, self._unsaid)
        runner = Runner([self._service.subscriber], self._source, self._new, echo, replaying=True)
        while (target := self._target()) - runner.floor(self._name) > _CLOSE:
            catch_up(runner, self._name, self._source, target, stop)
        since_s = time.monotonic()
        # From here the live version cannot commit; its next try finds that its turn is over.
        with self._live.transaction():
            self._live.hold(_WRITTEN)
            target = self._target()
            catch_up(runner, self._name, self._source, target, stop)
            self._take_along()
            for table in ("subscriber_checkpoint", "subscriber_partition"):
                self._live.execute(f"UPDATE {table} SET turn = turn + 1 WHERE subscriber = ?", (self._name,))  # noqa: S608 - of two
            # Last: what fails before it leaves the live version as it was.
            self._service.versions.swap(built)
        held_s, handled = time.monotonic() - since_s, runner.counts(self._name).handled
        return Rebuilt(handled=handled, position=target, held_s=held_s, restored=self._restored)

    def _look(self) -> tuple[bool, int]:
        """Tell whether the live version has seen events that a restore took away, and the journal's end."""
        batch = self._source.whole.read(0, 1)
        at = self._reached()
        same = is_there(Witness(self._live, self._name).last(), self._source.whole)
        if at.epoch in {"", batch.epoch}:
            joined(at.epoch, at.furthest, batch.epoch, batch.head, batch.lineage)
            if not same:
                raise Undeclared(had=at.epoch, has=batch.epoch, position=at.furthest)
            return False, batch.head
        # An epoch that the journal does not know shares nothing for certain.
        return not same or batch.lineage.common(at.epoch, at.furthest) < at.furthest, batch.head

    def _reached(self) -> Reached:
        return reached(self._live, self._name)

    def _target(self) -> int:
        """Tell how far to build: what lies beyond the live checkpoint is still to be said.

        What live has given up on by then, or was due and has not been fired, was never said either.
        """
        if self._restored:
            return self._head
        floor = self._reached().floor
        overdue = self._live.execute(
            "SELECT cause FROM subscriber_timer WHERE subscriber = ? AND at_us <= ?",
            (self._name, to_us(datetime.now(UTC))),
        )
        self._unheard |= {letter.record.id for letter in Letters(self._live, self._name).of()}
        self._unheard |= {bytes(cause) for (cause,) in overdue}
        return floor

    def _unsaid(self, said: Emission) -> bool:
        return self._restored or UUID(said.causation).bytes in self._unheard

    def _take_along(self) -> None:
        """Give the new version what no event tells: what is unsent, what was done outside or by operators."""
        with self._new.transaction():
            if not self._restored:
                outbox.hand_over(self._live, self._new)
            self._take_letters()
            self._new.execute("DELETE FROM subscriber_effect")
            for table in ("subscriber_action", "subscriber_stray", "subscriber_effect"):
                for row in self._live.execute(f"SELECT * FROM {table}"):  # noqa: S608 - of three
                    marks = ", ".join("?" * len(row))
                    self._new.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - of three

    def _take_letters(self) -> None:
        """Take along what was to be done outside and is not: a rebuild does it neither."""
        handlers, ledger = self._service.subscriber.by_type(), Ledger(self._new, self._name)
        for letter in Letters(self._live, self._name).of():
            handler = handlers.get(letter.record.type)
            if handler is not None and handler.mode is Mode.REACT and self._is_there(letter):
                dead = DeadLetter(
                    key=letter.key,
                    record=letter.record,
                    reason=letter.reason,
                    traceback=letter.traceback,
                    attempts=letter.attempts,
                )
                ledger.bury(dead, now=from_us(letter.died_at_us))

    def _is_there(self, letter: Letter) -> bool:
        seen = Seen(letter.record.position, letter.record.id)
        return not self._restored or is_there(seen, self._source.whole)


def make_tables(service: Service, store: Store) -> None:
    """Make every table that a service lives on, its own and the runtime's, where it is missing."""
    service.prepare(store)
    Letters.open(store, service.subscriber.name)
    make_effects(store)
    with store.transaction():
        make_outbox(store)
