"""Wherever a process dies, the next one ends with the same rows, emissions, timers and checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Row, Runner, SqliteStore, Subscriber, Timer, Value
from tests.subscriber.makers import Bench, Said, says


class Died(BaseException):
    """The process is gone: nothing catches this."""


class Mortal(SqliteStore):
    """A store whose process dies before its nth statement, and rolls back as the database then does."""

    def __init__(self, path: Path, statements_left: int) -> None:
        super().__init__(path)
        self._left = statements_left

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a statement, or die."""
        self._live()
        return super().execute(sql, params)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction, and perhaps die just before or just after its commit."""
        with super().transaction():
            yield
            self._live()
        self._live()

    def _live(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Died


def _remind(event: Event, value: object, ctx: Context) -> None:
    says(event, value, ctx)
    ctx.remind(ctx.moment + timedelta(milliseconds=1500), "later", event.envelope.subject)


def _ring(timer: Timer, ctx: Context) -> None:
    ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, 0, 'timer')", (timer.key,))
    ctx.emit(v.DeadlinePassed(), subject=timer.key, client="cl_1")


def _position(event: Event, _ctx: Context) -> object:
    return event.envelope.position


def _poisoned(event: Event, _value: object, _ctx: Context) -> None:
    raise ValueError(event.envelope.position)


def _subscriber(bench: Bench) -> Subscriber:
    return bench.subscriber(
        Handler((v.CaseSubmitted,), _remind),
        Handler((v.ReviewRequested,), says, gather=_position, work=str),
        Handler((v.CaseExpired,), _poisoned),
        on_timer=_ring,
    )


def _live_once(bench: Bench, statements: int) -> bool:
    """Be a process that dies after so many statements; true when it had nothing left to do before."""
    store = Mortal(bench.path, statements)
    quiet = 0
    try:
        runner = Runner([_subscriber(bench)], bench.journal, store, Said(store), clock=lambda: bench.now)
        while quiet < 40:
            quiet = 0 if runner.step() else quiet + 1
            time.sleep(0.004 if quiet else 0)
    except Died:
        return False
    finally:
        store.close()
    return True


@pytest.mark.parametrize("lifetime", [7, 11, 16, 23, 31, 45, 64, 100])
def test_dying_before_any_statement_loses_and_doubles_nothing(bench: Bench, lifetime: int) -> None:
    for subject in ("a", "b", "a", "c"):
        bench.journal.submit(subject)
        bench.journal.write(v.ReviewRequested(), subject)
    bench.journal.write(v.CaseExpired(), "c")

    lives = 0
    while not _live_once(bench, lifetime + lives * 3):
        lives += 1

    assert sorted(map(str, bench.positions())) == sorted(["0", "0", "0", "0", *map(str, range(1, 9))])
    assert bench.said() == 12
    assert bench.floor() == 9
    assert [letter[0] for letter in bench.letters()] == [9]
