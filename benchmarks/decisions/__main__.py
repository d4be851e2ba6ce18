"""python -m benchmarks.decisions: one JSON line a claim; with --quick on fewer cases.

Cases are made of a policy's stake, a document, an age and the nine checks, one in three with a doubt, their
facts in a random order; the seed is fixed.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from google.protobuf.message import Message

from benchmarks.claims import Claim, percentile, percentile_interval, say
from consumers.decisions import service
from consumers.decisions.backtest import Draft, compare
from consumers.decisions.engine import evaluate
from consumers.decisions.facts import CaseFacts, fold
from protocol.catalogue import stream_of, type_name
from protocol.checks import CHECKS, Grade
from protocol.envelope import Envelope, Event
from protocol.policies import SHIPPED, CompiledPolicy, Policy, PolicyRef, read
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Batch, FileVersions, Lineage, Service

_EPOCH: Final = "0badcafe"
_CLIENT: Final = "cl_0000000000000001"
_SECOND_US: Final = 1_000_000
# All that a person would write into one policy: every way of saying something, every check.
_LARGE: Final = """{"rules": [
  {"outcome": "decline", "when": {"checks": "all", "any": ["rejected"]}},
  {"outcome": "decline", "when": {"all_of": [
    {"check": "tamper", "is": ["suspected"]}, {"any_of": [
      {"check": "liveness", "is": ["suspected"]}, {"check": "face_match", "is": ["suspected"]}]}]}},
  {"outcome": "refer", "when": {"any_of": [
    {"unless": {"document": ["uk_driving_licence", "passport"]}},
    {"checks": ["quality", "comparison"], "any": ["unavailable"]}]}},
  {"outcome": "approve", "when": {"all_of": [
    {"age": "proven"}, {"part": "face_match/similarity", "at_least": 0.6},
    {"checks": "all", "every": ["clear", "caution", "not_applicable"]},
    {"any_of": [{"check": "register", "is": ["clear"]},
                {"part": "face_match/similarity", "at_least": 0.8}]}]}}
]}"""


def main() -> None:
    """Measure, and say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    cases = 500 if parser.parse_args().quick else 20_000
    policies = (*SHIPPED, read(_LARGE, PolicyRef("large", 1)))
    for policy in policies:
        _say_evaluation(policy, min(cases, 2_000))
    _say_backtest(cases)


def _say_evaluation(policy: Policy, cases: int) -> None:
    """Time one asking of a policy after each fact, as the service does it."""
    ready, took_us = CompiledPolicy(policy), []
    for number in range(cases):
        known = CaseFacts()
        for event in _case(number, policy.ref.name):
            known = fold(known, event)
            found = known.facts
            began_ns = time.perf_counter_ns()
            evaluate(ready, found, may_approve_ahead=True)
            took_us.append((time.perf_counter_ns() - began_ns) / 1_000)
    p95 = percentile(took_us, 0.95)
    low, high = percentile_interval(took_us, 0.95)
    say(
        Claim(
            claim=f"policy {policy.ref.name}: asked once, p95",
            value=round(p95, 1),
            unit="us",
            target=100,
            met=p95 <= 100,
            n=len(took_us),
            low=round(low, 1),
            high=round(high, 1),
            against={
                "median_us": round(percentile(took_us, 0.5), 1),
                "p99_us": round(percentile(took_us, 0.99), 1),
                "questions": ready.diagram(aged=True, barred=False).size(),
            },
        )
    )


def _say_backtest(cases: int) -> None:
    """Time the history of some cases run again under a draft; with what reading it took."""
    journal = _Journal(cases)
    draft = Draft(_CLIENT, read(_LARGE, PolicyRef("full", 2)))
    with tempfile.TemporaryDirectory() as folder:
        described = Service(
            subscriber=service.subscriber(),
            versions=FileVersions(Path(folder) / "unused.sqlite3"),
            prepare=service.prepare,
            source=lambda: journal,
        )
        began_s = time.monotonic()
        compared = compare(described, draft)
        took_s = time.monotonic() - began_s
    a_minute = cases / took_s * 60
    say(
        Claim(
            claim="backtest",
            value=round(a_minute),
            unit="cases a minute",
            target=20_000,
            met=a_minute >= 20_000,
            n=cases,
            low=round(a_minute),
            high=round(a_minute),
            against={
                "events_a_second": round(len(journal.records) / took_s),
                "different": len(compared.different()),
            },
        )
    )


def _case(number: int, policy: str) -> Iterator[Event]:
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
        client=_CLIENT,
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


class _Journal:
    """A history in memory, as a source."""

    def __init__(self, cases: int) -> None:
        events = (event for number in range(cases) for event in _case(number, "full"))
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


if __name__ == "__main__":
    main()
