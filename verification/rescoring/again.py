"""One case gone through again: steps run where they ran, on what they knew then; beside it what they said."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, zip_longest
from typing import Final
from uuid import UUID

from google.protobuf.message import Message

from events.errors import Erased, OnlyReading
from events.sealing import seal, unseal, without_personal
from protocol.envelope import Event
from protocol.ids import caused_id
from protocol.otherwise import Answer, CaseAnswers
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.facts import Facts, including, newest
from verification.pipeline.step import Look, Step, subscriber_name
from verification.pipeline.workers import Failed
from verification.rescoring.comparing import differences
from verification.rescoring.history import PastCase

__all__ = ["Wanted", "again"]

# Who took their case or the ground away is not looked at again; a key of the face is gone with the ground.
_TAKEN_AWAY: Final = (v.CaseWithdrawn, v.BiometricBasisWithdrawn)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Work that a step wants done; whoever gets it sends back what the work returned, or `Failed`."""

    step: Step
    work: Callable[..., object]
    look: Look


Doing = Generator[Wanted, object, CaseAnswers]


def again(case: PastCase, steps: Sequence[Step]) -> Doing:
    """Run steps over a case; gives the work that they want, and in the end their answers.

    Each event that a step heard is given to it again, in the journal's order. What one of the steps would
    have said takes the place of what it said for the steps after it. Nothing is written.

    Raises:
        KeysAway: the key store cannot answer.
    """
    left_out = "withdrawn" if any(isinstance(e.message, _TAKEN_AWAY) for e in case.events) else ""
    answers: tuple[Answer, ...] = ()
    if not left_out:
        try:
            answers = yield from _Again(case, steps).run()
        except Erased:
            left_out = "erased"
        except OnlyReading:
            # As it does where it needs a key that nobody has made.
            left_out = "a step would write"
    return CaseAnswers(case=case.id, client=case.client, answers=answers, left_out=left_out)


@dataclass(slots=True)
class _Again:
    case: PastCase
    steps: Sequence[Step]
    known: dict[str, dict[str, Event]] = field(default_factory=dict)
    # What would have been said, by the event in whose place it would stand.
    otherwise: dict[UUID, Message] = field(default_factory=dict)

    def run(self) -> Generator[Wanted, object, tuple[Answer, ...]]:
        said = {event.envelope.id: event for event in self.case.events}
        answers: list[Answer] = []
        for event in self.case.events:
            if event.envelope.position > self.case.through:
                break
            heard = Event(event.envelope, self.otherwise.get(event.envelope.id, event.message))
            for step in self.steps:
                if type(heard.message) in step.hears:
                    answers += yield from self._act(step, heard, said)
        return tuple(answers)

    def _act(
        self, step: Step, heard: Event, said: dict[UUID, Event]
    ) -> Generator[Wanted, object, list[Answer]]:
        known = self.known.setdefault(step.name, {})
        facts = including(known, heard)
        known.update(newest(known, heard))
        if not facts.ready(step.needs, heard, step.also):
            return []
        then = list(_said_because_of(heard, step, said))
        found = yield from _found(step, facts)
        now = (then[0] if then else heard).envelope.recorded_at
        would_be = list(step.tell(facts, found, now))
        failed = found.detail if isinstance(found, _NotDone) else ""
        return [self._answer(step, *pair, failed) for pair in zip_longest(then, would_be)]

    def _answer(self, step: Step, event: Event | None, would_be: Message | None, failed: str) -> Answer:
        was = None if event is None else unseal(event)
        if event is not None and would_be is not None:
            sealed = seal(would_be, event_id=event.envelope.id, applicant=event.envelope.applicant)
            self.otherwise[event.envelope.id] = sealed
        return Answer(
            step=step.name,
            event_id=None if event is None else event.envelope.id,
            was=None if was is None else without_personal(was),
            would_be=None if would_be is None else without_personal(would_be),
            differs=() if failed else differences(was, would_be),
            failed=failed,
        )


class _NotDone(Failed):
    """The work could not be done here and now, which says nothing of the step's answer."""


def _found(step: Step, facts: Facts) -> Generator[Wanted, object, object]:
    """Do what the step's subscriber does between its facts and its answer."""
    if step.prepare is None:
        return None
    look = step.prepare(facts)
    if isinstance(look, Failed) or step.work is None:
        return look
    found = yield Wanted(step, step.work, look)
    return _NotDone(found.reason, found.detail) if isinstance(found, Failed) else found


def _said_because_of(heard: Event, step: Step, said: dict[UUID, Event]) -> Iterator[Event]:
    """Give what a step said because of an event: each has an id that is made of both."""
    for n in count():
        event = said.get(caused_id(heard.envelope.id, subscriber_name(step), n))
        if event is None:
            return
        yield event
