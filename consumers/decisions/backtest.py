"""What another policy, or this version of the service, would have decided: the history run again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from google.protobuf.message import Message

from consumers.decisions.drafts import Draft, Pinning
from consumers.decisions.supposing import NOTHING, Supposed, repeated
from protocol.envelope import from_record
from protocol.records import Recorded
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Batch, Service, Source, Store, Wrapped, over_history, whole

__all__ = ["SAID", "Compared", "Verdict", "compare"]

# The stream of what was really said, which the source of a comparison gives too.
SAID: Final = "decisions.decision"
_OPENED: Final = verification.CaseOpened.DESCRIPTOR.full_name
_FACTS: Final = frozenset(
    kind.DESCRIPTOR.full_name
    for kind in (verification.CheckCompleted, verification.DocumentClassified, verification.AgeEstablished)
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a case came to: the last thing said of it, the events it rests on, the checks it waits for."""

    said: str
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class Compared:
    """Of each case, in the order of their opening, what was said and what would be.

    `facts` names what the different ones rest on, by the event's id; `supposed` what some of these would say.
    `passed` counts the cases that the history has, compared or not.
    """

    cases: dict[str, tuple[Verdict | None, Verdict | None]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    supposed: dict[str, str] = field(default_factory=dict)
    passed: int = 0

    def different(self) -> list[str]:
        """List the cases that would come to something else."""
        return [case for case, (was, would_be) in self.cases.items() if _words(was) != _words(would_be)]

    def was(self, case: str, message: Message) -> None:
        """Note what was said of a case."""
        if case in self.cases:
            self.cases[case] = (_verdict(message), self.cases[case][1])

    def would_be(self, case: str, message: Message) -> None:
        """Note what would be said of a case."""
        if case in self.cases:
            self.cases[case] = (self.cases[case][0], _verdict(message))


def compare(
    described: Service,
    draft: Draft | None,
    *,
    supposed: Supposed = NOTHING,
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Compared:
    """Run the history again and compare what would be said with what was; raises what `over_history` does.

    Args:
        described: the service, with a source that also gives `SAID`.
        draft: None: each case by the policy that it is pinned to.
        supposed: facts that are put in the place of those that were said; only its cases are compared.
        stop: ends the run.
        progress: told how far it is, and how far it goes.
    """
    compared, pinning = Compared(), None if draft is None else Pinning(draft)

    def prepare(store: Store) -> None:
        described.prepare(store)
        if pinning is not None:
            pinning.live_on(store)

    run = replace(
        described, prepare=prepare, source=lambda: _Watched(described.source(), compared, pinning, supposed)
    )
    over_history(
        run, lambda said: compared.would_be(said.subject, said.message), stop=stop, progress=progress
    )
    _name_facts(described, compared, supposed)
    return compared


def _verdict(message: Message) -> Verdict | None:
    match message:
        case decisions.DecisionReached() as said:
            return Verdict(f"{said.outcome} {said.state}", tuple(said.because), tuple(said.missing))
        case decisions.DecisionCorrected() as said:
            return Verdict(f"{said.outcome} corrected", tuple(said.because), tuple(said.missing))
        case decisions.DecisionExpired() as said:
            return Verdict(f"{said.outcome} expired", (), tuple(said.missing))
        case _:
            return None


def _words(verdict: Verdict | None) -> str:
    return "nothing" if verdict is None else verdict.said


class _Watched(Wrapped):
    """The history as it is asked about, with what was said noted as it passes.

    The draft's cases are pinned to the draft, and supposed facts are in their place.
    """

    def __init__(
        self, source: Source, compared: Compared, pinning: Pinning | None, supposed: Supposed
    ) -> None:
        super().__init__(source)
        self._compared, self._pinning, self._supposed = compared, pinning, supposed
        self._furthest = 0

    def read(self, after: int, limit: int) -> Batch:
        """Give events; see `Source`."""
        batch = super().read(after, limit)
        seen = (self._seen(record) for record in batch.records)
        return replace(batch, records=tuple(record for record in seen if record is not None))

    def _seen(self, record: Recorded) -> Recorded | None:
        if record.type == _OPENED:
            return self._opened(record)
        if record.stream == SAID:
            self._compared.was(record.subject, from_record(record).message)
        if self._pinning is not None:
            self._pinning.note(record)
        return self._supposed.put(record)

    def _opened(self, record: Recorded) -> Recorded:
        if record.position > self._furthest:
            self._furthest = record.position
            self._compared.passed += 1
        said = verification.CaseOpened.FromString(record.payload)
        if self._pinning is not None and not self._pinning.pin(record.client, said):
            return record
        if self._supposed is NOTHING or record.subject in self._supposed.cases:
            self._compared.cases.setdefault(record.subject, (None, None))
        return record if self._pinning is None else repeated(record, said)


def _name_facts(described: Service, compared: Compared, supposed: Supposed) -> None:
    """Name what the different verdicts rest on, by reading the history once more."""
    sides = (verdict for case in compared.different() for verdict in compared.cases[case] if verdict)
    wanted = {event_id for verdict in sides for event_id in verdict.because}
    with closing(described.source()) as source:
        for record in whole(source, source.read(0, 1).head):
            if not wanted:
                return
            if record.type in _FACTS and (event_id := str(UUID(bytes=record.id))) in wanted:
                wanted.remove(event_id)
                compared.facts[event_id] = _fact(from_record(record).message)
                if (would_be := supposed.facts.get(record.id)) is not None:
                    compared.supposed[event_id] = _fact(would_be)


def _fact(message: Message) -> str:
    match message:
        case verification.CheckCompleted() as said:
            return f"{said.check} {said.status}"
        case verification.DocumentClassified() as said:
            return f"document {said.document_type or 'unknown'}"
        case verification.AgeEstablished() as said:
            return f"age {said.over_minimum}"
        case _:
            return "a fact"
