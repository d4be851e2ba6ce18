"""A step that sleeps holds up nobody but those who need what it sees."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from access.clients import add_client
from access.principals import authenticate
from config.pipeline import STEPS, StepPool
from events import journal
from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Runner
from tests.journeys.pictures import front
from tests.journeys.slow_looks import ASLEEP_S, look_slowly
from tests.verification.conftest import BASIS, OPENING
from verification import cases
from verification.cases import Upload
from verification.idempotency import request
from verification.pipeline import facts
from verification.pipeline.looks_document import warm_up
from verification.pipeline.step import as_subscriber
from verification.pipeline.workers import Pool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.django_db(databases="__all__"),
]


@pytest.fixture
def pool() -> Iterator[StepPool]:
    looks = Pool(2, warm_up=warm_up, report=lambda _: None)
    with ThreadPoolExecutor(1) as calls:
        yield StepPool(looks, calls, {})
        looks.close()


@pytest.fixture
def case(settings: Settings, tmp_path: Path) -> str:
    """A case with a front that was just uploaded."""
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    now, picture = datetime.now(UTC), tmp_path / "front.jpg"
    asker = authenticate(f"Bearer {add_client(name='Betting Ltd', now=now)[1]}", now=now)
    opened = cases.open_case(asker, replace(OPENING, basis=BASIS), once=request("once", {}), now=now)
    picture.write_bytes(front("genuine"))
    upload = Upload(path=picture, kind="document_front", challenge="", arrived_at=now)
    cases.add_evidence(opened.id, upload, now=now)
    return opened.id


def _followed(case: str, pool: StepPool) -> dict[str, datetime]:
    """Run every step, the portrait's asleep, until `tamper` has ended; the moment of each fact and check."""
    steps = [replace(s, work=look_slowly) if s.name == "portrait" else s for s in STEPS]
    store, listed = DjangoStore("default"), tuple(as_subscriber(step) for step in steps)
    store.execute(facts.TABLE)
    source = SqlJournalSource(tuple(sorted({stream for s in listed for stream in s.streams})))
    runner = Runner(listed, source, store, JournalEmitter("verification"), pool=pool)
    told: dict[str, datetime] = {}
    until_s = time.monotonic() + 60
    while "tamper" not in told and time.monotonic() < until_s:
        if not runner.step():
            time.sleep(0.01)
        told = _told(case)
    return told


def _told(case: str) -> dict[str, datetime]:
    return {
        e.message.check if isinstance(e.message, v.CheckCompleted) else type(e.message).__name__: (
            e.envelope.occurred_at
        )
        for e in journal.after(0, subject=case)
    }


def test_facts_of_others_arrive_while_a_step_sleeps_five_seconds(case: str, pool: StepPool) -> None:
    told = _followed(case, pool)
    slept_until = told["PortraitFound"]
    others = ("DocumentClassified", "FieldsRead", "quality", "document", "consistency", "comparison", "age")
    assert {name for name in others if told[name] > slept_until - timedelta(seconds=ASLEEP_S / 2)} == set()
    assert slept_until < told["tamper"]
