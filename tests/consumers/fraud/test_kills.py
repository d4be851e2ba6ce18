"""Killed at any moment, again and again, the service says everything that changes once, and ends up right."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from events.door.services import issue_service_keys
from events.journal import after, head
from protocol.schemas import fraud_v1_pb2 as fraud
from tests.consumers.door import write_run_file
from tests.consumers.fraud.office import LONG_AGO, Office, Person, face, near_to
from tests.consumers.killing import running
from tests.contracts.door import Door
from tests.events.makers import NOW
from tests.sequencing import say

_SEED, _PEOPLE, _KILLS = 11, 60, 6

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
    pytest.mark.slow,
    pytest.mark.timeout(180),
]


def people(draw: random.Random) -> list[Person]:
    """Make people of whom some come again: with another document, another face, or as another applicant."""
    numbers = [f"NUMB{n:02}{draw.randrange(10**9):09}" for n in range(_PEOPLE // 2)]
    return [
        Person(
            case=n + 1,
            applicant=f"a{draw.randrange(_PEOPLE)}",
            number=draw.choice(numbers),
            face=near_to(face(draw.randrange(_PEOPLE // 2)), 0.3, seed=n),
        )
        for n in range(_PEOPLE)
    ]


@contextmanager
def handed_in(everyone: list[Person]) -> Iterator[threading.Event]:
    """Have people verified, one after another, while the block runs; the event says that all were."""
    done = threading.Event()

    def hand_in() -> None:
        for person in everyone:
            person.keep_face()
            say(person.drafts(), now=NOW)
            time.sleep(0.05)
        done.set()

    thread = threading.Thread(target=hand_in)
    thread.start()
    try:
        yield done
    finally:
        thread.join()


def scores() -> dict[str, list[fraud.FraudScored]]:
    """List what was said of each case, in order."""
    said: dict[str, list[fraud.FraudScored]] = {}
    at = 0
    while events := after(at, streams=["fraud.score"], limit=500):
        for event in events:
            assert isinstance(event.message, fraud.FraudScored)
            said.setdefault(event.envelope.subject, []).append(event.message)
        at = events[-1].envelope.position
    return said


def wait_until_at_rest(within_s: float = 60) -> None:
    """Wait until nothing has been said for two seconds."""
    until_s, last, since_s = time.monotonic() + within_s, -1, time.monotonic()
    while time.monotonic() - since_s < 2:
        assert time.monotonic() < until_s, "it never comes to rest"
        if head().position != last:
            last, since_s = head().position, time.monotonic()
        time.sleep(0.05)


def test_killed_at_random_while_people_come_it_says_each_change_once(
    door: Door, tmp_path: Path, settings: object
) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"  # type: ignore[attr-defined]  # Django's
    draw = random.Random(_SEED)
    everyone = people(draw)
    write_run_file(tmp_path, door.url, "fraud", key=issue_service_keys(["fraud"])["fraud"])
    since, kills = LONG_AGO.isoformat(), 0
    with handed_in(everyone) as done:
        while kills < _KILLS or not done.is_set():
            with running("fraud", tmp_path, VOUCH_FRAUD_SINCE=since):
                time.sleep(draw.uniform(0.8, 2.0))
            kills += 1
    with running("fraud", tmp_path, VOUCH_FRAUD_SINCE=since):
        wait_until_at_rest()

    said = scores()
    for told in said.values():
        assert all(
            list(one.findings) != list(other.findings) or list(one.compared) != list(other.compared)
            for one, other in pairwise(told)
        )
    with Office.at(door, _made(tmp_path / "undisturbed")) as office:
        office.settle(within_s=60)
        for person in everyone:
            found, last = office.found(person), said[person.subject][-1]
            assert (last.score_01, list(last.findings)) == (found.score_01, list(found.findings))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
