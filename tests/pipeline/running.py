"""Steps run on a real journal, one turn at a time, by a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from google.protobuf.message import Message

from events import journal
from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from protocol.schemas import verification_v1_pb2 as v
from subscriber import InlinePool, Runner, Subscriber
from tests.pipeline.building import NOW
from verification.pipeline import facts, register
from verification.pipeline.step import Look

__all__ = ["CASE", "CLIENT", "LooksInline", "Turns"]

M = TypeVar("M", bound=Message)
CASE = "0197a000-0000-7000-8000-0000000000ca"
CLIENT = "cl_0000000000000000"


class LooksInline(InlinePool):
    """Does a step's work at once, on what its look gives."""

    def submit(
        self, name: str, work: Callable[[object], object], given: object, affinity: str
    ) -> Future[object]:
        """Unwrap the look and work."""
        return super().submit(name, work, given.given if isinstance(given, Look) else given, affinity)


@dataclass
class Turns:
    """A runner of one subscriber, and the moment it believes in."""

    subscriber: Subscriber
    now: datetime = NOW
    said: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        store = DjangoStore("default")
        for table in (facts.TABLE, register.TABLE):
            store.execute(table)
        source = SqlJournalSource(self.subscriber.streams)
        emitter = JournalEmitter("verification")
        self.runner = Runner(
            [self.subscriber], source, store, emitter, pool=LooksInline(), clock=lambda: self.now
        )

    def say(self, *messages: Message) -> None:
        """Say messages about the case, and let the subscriber act."""
        drafts = [
            journal.Draft(message=m, subject=CASE, client=CLIENT, applicant="applicant-1") for m in messages
        ]
        journal.record(drafts, now=self.now)
        self.turn()

    def turn(self, after: timedelta = timedelta()) -> None:
        """Let time pass, and the subscriber act until it has nothing to do."""
        self.now += after
        while self.runner.step():
            pass

    def told(self, kind: type[M]) -> list[M]:
        """List what the case's journal says of one kind."""
        return [e.message for e in journal.after(0, subject=CASE) if isinstance(e.message, kind)]

    def check(self) -> v.CheckCompleted:
        """Give the last answer of a check in the journal."""
        return self.told(v.CheckCompleted)[-1]
