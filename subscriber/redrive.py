"""A parked key's letters handled at last, in their order, until one fails again; what was done is noted.

It runs beside the live process and takes nothing from it: each letter is one transaction of the subscriber's
database. When the last letter of a key is gone the key is free, which the live process sees by the table.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from protocol.envelope import from_record
from subscriber.context import Cause, Context, EventCause, Timer, TimerCause
from subscriber.declare import Handler, Mode, Subscriber
from subscriber.errors import StoreAway
from subscriber.failures import where
from subscriber.ledger import DueTimer, Ledger
from subscriber.letters import Action, Letter, Letters
from subscriber.unit import Tools

__all__ = ["Outcome", "Redrive"]


class _OnlyTried(Exception):
    """Rolls a dry run back."""


class _NoHandler(Exception):
    """This build handles no such event, though an older one did."""


class _TakenMeanwhile(Exception):
    """Somebody else has handled the letter, or dropped it: what was done here is rolled back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the letters of a key went; `error` is empty when all are through."""

    key: str
    through: int
    left: int
    error: str


class Redrive:
    """Handles letters of one subscriber again; `who` asks and `why` go into the notes."""

    def __init__(self, subscriber: Subscriber, tools: Tools, *, who: str, why: str = "") -> None:
        self._subscriber = subscriber
        self._handlers = subscriber.by_type()
        self._tools = tools
        self._store = tools.store
        self._who, self._why = who, why
        self._letters = Letters.open(tools.store, subscriber.name)

    def key(self, key: str, *, dry_run: bool = False) -> Outcome:
        """Handle the letters of a key in order, and those that come meanwhile; stops at the first that fails.

        With `dry_run` everything is rolled back, and nothing that touches the outside world is called.

        Raises:
            StoreAway: the database is busy or away: come again.
        """
        if dry_run:
            return self._tried(key, self._letters.of(key))
        through = 0
        while waiting := self._letters.of(key):
            for letter in waiting:
                error = self._one(letter)
                if error is not None:
                    return Outcome(key, through, len(self._letters.of(key)), type(error).__name__)
                through += 1
        return Outcome(key, through, 0, "")

    def _tried(self, key: str, waiting: list[Letter]) -> Outcome:
        through = 0
        try:
            with suppress(_OnlyTried), self._store.transaction():
                for letter in waiting:
                    if not self._reacts(letter):
                        self._handle(letter, self._gathered(letter), dry_run=True)
                    through += 1
                self._roll_back()
        except StoreAway:
            raise
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; it is what is asked for
            return Outcome(key, through, len(waiting) - through, type(error).__name__)
        return Outcome(key, through, 0, "")

    def _roll_back(self) -> None:
        raise _OnlyTried

    def _one(self, letter: Letter) -> Exception | None:
        try:
            with self._store.transaction():
                value = self._gathered(letter, work=False)
            self._finish(letter, self._worked(letter, value))
        except StoreAway:
            raise
        except _TakenMeanwhile as error:
            return error
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; the reason is kept
            with self._store.transaction():
                self._letters.failed_again(
                    letter,
                    self._action(f"failed again: {type(error).__name__}"),
                    reason=type(error).__name__,
                    traceback=where(error),
                )
            return error
        return None

    def _finish(self, letter: Letter, value: object) -> None:
        with self._store.transaction():
            if not self._letters.remove(letter, self._action("redriven")):
                raise _TakenMeanwhile
            self._handle(letter, value, dry_run=False)

    def _gathered(self, letter: Letter, *, work: bool = True) -> object:
        """Gather what the work needs, and do the work unless it is to be done outside of the transaction."""
        if letter.timer:
            return None
        handler, event = self._handler(letter), from_record(letter.record)
        value = event if handler.gather is None else handler.gather(event, self._context(letter))
        return self._worked(letter, value) if work else value

    def _worked(self, letter: Letter, value: object) -> object:
        if letter.timer:
            return None
        handler = self._handler(letter)
        if handler.work is not None and value is not None:
            affinity = str(getattr(value, "affinity", ""))
            return self._tools.pool.submit(self._subscriber.name, handler.work, value, affinity).result()
        return None if handler.gather is None else value

    def _handle(self, letter: Letter, value: object, *, dry_run: bool) -> None:
        ctx = self._context(letter, replaying=dry_run)
        if letter.timer:
            if self._subscriber.on_timer is None:
                raise _NoHandler(letter.timer)
            self._subscriber.on_timer(Timer(letter.timer, letter.key, ctx.moment), ctx)
        else:
            self._handler(letter).apply(from_record(letter.record), value, ctx)
        if ctx.said:
            self._tools.emitter.emit(ctx.said, now=ctx.now)

    def _reacts(self, letter: Letter) -> bool:
        """Tell whether handling a letter touches the outside world; its work may, and not only `apply`."""
        return not letter.timer and self._handler(letter).mode is Mode.REACT

    def _handler(self, letter: Letter) -> Handler:
        handler = self._handlers.get(letter.record.type)
        if handler is None:
            raise _NoHandler(letter.record.type)
        return handler

    def _context(self, letter: Letter, *, replaying: bool = False) -> Context:
        record, name = letter.record, self._subscriber.name
        if letter.timer:
            timer = DueTimer(letter.timer, letter.key, record.sequenced_at_us, record.id, record.correlation)
            cause: Cause = TimerCause(timer, name)
        else:
            cause = EventCause(from_record(record), name)
        return Context(cause, Ledger(self._store, name), self._tools.clock(), replaying=replaying)

    def _action(self, what: str) -> Action:
        return Action(at=self._tools.clock(), who=self._who, what=what, why=self._why)
