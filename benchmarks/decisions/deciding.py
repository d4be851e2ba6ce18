"""How soon a decision follows the fact that it waited for: the service in its own process, and the door.

Every case has all but one of its facts when the last one is written. Its decision is timed from the moment at
which the writer begins with that fact to the one at which the decision has its place in the journal.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaException, TopicPartition
from google.protobuf.message import Message

from benchmarks.backbone.house import beside, cluster, main, number, sequenced
from config.ports import free_port
from consumers.decisions.service import NAME, STREAMS
from protocol.catalogue import stream_named
from protocol.checks import CHECKS, Grade
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from subscriber.kafka import KafkaSettings, client_config

__all__ = ["decide"]

# Ten cases a second: what is timed is the way, not a queue.
_PAUSE_S = 0.05
_WITHIN_S = 60.0
_FRONT = 3
_HOUR_US = 3_600_000_000


def decide(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Measure `n` decisions, ms; on Kafka where the environment names one."""
    from django.core.management import call_command  # noqa: PLC0415 - Django is set up by the part's own main

    port, kafka = free_port(), cluster() if "VOUCH_KAFKA" in os.environ else None
    call_command("prepare", "--door-port", str(port))
    with sequenced(), _door(port), _relayed(kafka), _service():
        _await_first(kafka)
        for n in range(number(asked, "n")):
            _write(f"case-{n}")
            time.sleep(_PAUSE_S)
        return {"ms": _taken_ms(number(asked, "n"))}


def _open(port: int) -> None:
    from benchmarks.soak.door import main as serve  # noqa: PLC0415 - it names tables

    serve(str(port))


@contextmanager
def _door(port: int) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_open, args=(port,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


@contextmanager
def _service() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "consumers.decisions", "run"], stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _relayed(kafka: KafkaSettings | None) -> Iterator[None]:
    from events.relay import Relay  # noqa: PLC0415 - as above

    with nullcontext() if kafka is None else beside(Relay(kafka, leader="benchmark").run):
        yield


def _await_first(kafka: KafkaSettings | None) -> None:
    """Have cases decided until the service reads from where it is to be measured."""
    until_s, n = time.monotonic() + _WITHIN_S, 0
    while not _decided("first-0") or (kafka is not None and not _reads(kafka)):
        if time.monotonic() > until_s:
            raise RuntimeError("the service decides nothing, or not from Kafka")
        _write(f"first-{n}")
        n += 1
        time.sleep(0.5)


def _reads(kafka: KafkaSettings) -> bool:
    """Tell whether the service's group has noted its places, which it does once it reads there."""
    asker = Consumer({**client_config(kafka), "group.id": NAME})
    wanted = [TopicPartition(stream_named(name).topic, 0) for name in STREAMS]
    try:
        return all(place.offset >= 0 for place in asker.committed(wanted, timeout=10))
    except KafkaException:
        # The group's coordinator is only just being found.
        return False
    finally:
        asker.close()


def _write(case: str) -> None:
    """Write a case's facts but for the last, and then that one."""
    *before, last = CHECKS
    _say(
        case,
        v.CaseOpened(policy_name="full", policy_version=1, live=True),
        v.CaptureTokenIssued(expires_at_us=time.time_ns() // 1_000 + _HOUR_US),
        v.EvidenceReceived(evidence_id=f"front-{case}", evidence_kind="document_front"),
        *(_clear(check) for check in before),
    )
    time.sleep(_PAUSE_S)
    _say(case, _clear(last))


def _clear(check: str) -> v.CheckCompleted:
    return v.CheckCompleted(check=check, status=Grade.CLEAR, evidence_keyseq=_FRONT, final=True)


def _say(case: str, *messages: Message) -> None:
    from events.journal import Draft, record  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    record([Draft(message=message, subject=case, client="cl_1") for message in messages], now=now)


def _taken_ms(count: int) -> list[float]:
    """Wait for the decisions of so many cases, and give what each took."""
    until_s = time.monotonic() + _WITHIN_S
    while (found := _decided(f"case-{count - 1}")) is None and time.monotonic() < until_s:
        time.sleep(0.1)
    if found is None:
        raise RuntimeError("not every case was decided")
    # Of each case the last: by Kafka an earlier one may be heard after it, and be what the decision names.
    last = {fact.envelope.subject: fact.envelope for fact in _events("verification.result")}
    return [
        (to_us(one.envelope.sequenced_at) - to_us(last[one.envelope.subject].recorded_at)) / 1_000
        for one in _events("decisions.decision")
        if one.envelope.subject.startswith("case-")
    ]


def _decided(case: str) -> Event | None:
    """Give the decision of a case, once it has its place."""
    return next((one for one in _events("decisions.decision") if one.envelope.subject == case), None)


def _events(stream: str) -> Iterator[Event]:
    from events.history import Span, events  # noqa: PLC0415 - as above
    from events.journal import head  # noqa: PLC0415 - as above

    return events(Span(through=head().position, streams=(stream,)))


if __name__ == "__main__":
    main(decide)
