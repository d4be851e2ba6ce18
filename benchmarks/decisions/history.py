"""A made history: cases with their facts in a random order, one in three with a doubt; the seed is fixed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from google.protobuf.message import Message

from protocol.catalogue import stream_of, type_name
from protocol.checks import CHECKS, Grade
from protocol.envelope import Envelope, Event
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Batch, Lineage

__all__ = ["CLIENT", "Journal", "case"]

CLIENT: Final = "cl_0000000000000001"
_EPOCH: Final = "0badcafe"
_SECOND_US: Final = 1_000_000


def case(number: int, policy: str) -> Iterator[Event]:
    """Give the events of one case."""
    chance = random.Random(number)
    doubted = chance.choice(CHECKS) if chance.random() < 1 / 3 else None
    facts: list[Message] = [
        v.DocumentClassified(
            evidence_kind="document_front", evidence_keyseq=3, document_type="uk_driving_licence"
        ),
        v.AgeEstablished(over_minimum="yes", evidence_keyseq=3),
    ]
    for check in CHECKS:
        grade = chance.choice(tuple(Grade)) if check is doubted else Grade.CLEAR
        answer = v.CheckCompleted(check=check, status=grade, evidence_keyseq=3, final=True)
        answer.breakdown.add(name="similarity", status=grade, score=chance.random())
        facts.append(answer)
    chance.shuffle(facts)
    opened = v.CaseOpened(policy_name=policy, policy_version=1, minimum_age=18, live=True)
    token = v.CaptureTokenIssued(expires_at_us=(number + 1_800) * _SECOND_US)
    evidence = v.EvidenceReceived(evidence_id=f"front-{number}", evidence_kind="document_front")
    for keyseq, message in enumerate((opened, token, evidence, *facts), 1):
        yield _event(number, keyseq, message)


def _event(number: int, keyseq: int, message: Message) -> Event:
    name, at_us = type_name(message), (number + keyseq) * _SECOND_US
    record = Record(
        id=UUID(int=number * 100 + keyseq).bytes,
        type=name,
        source="verification",
        subject=f"case-{number}",
        client=CLIENT,
        occurred_at_us=at_us,
        recorded_at_us=at_us,
        sequenced_at_us=at_us,
        stream=stream_of(name).name,
        partition_key=f"case-{number}",
        keyseq=keyseq,
        epoch=_EPOCH,
        payload=message.SerializeToString(deterministic=True),
    )
    return Event(Envelope(record), message)


class Journal:
    """A history in memory, as a source."""

    def __init__(self, cases: int) -> None:
        events = (event for number in range(cases) for event in case(number, "full"))
        self.records = [self._placed(event, place) for place, event in enumerate(events, 1)]

    @staticmethod
    def _placed(event: Event, position: int) -> Record:
        record = event.envelope.record
        assert isinstance(record, Record)
        record.position = position
        return record

    def read(self, after: int, limit: int) -> Batch:
        """Give events after a position."""
        found = tuple(self.records[after : after + limit])
        return Batch(_EPOCH, found, after + len(found), len(self.records), self.lineage())

    def recall(self, position: int) -> Record | None:
        """Give one event."""
        return self.records[position - 1] if 0 < position <= len(self.records) else None

    def lineage(self) -> Lineage:
        """Tell that there is one epoch."""
        return Lineage(((1, _EPOCH),))

    def news(self) -> bool:
        """Tell that nothing more comes."""
        return False

    def close(self) -> None:
        """There is nothing to let go of."""
