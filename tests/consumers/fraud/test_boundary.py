"""The boundary moved late: beside the product, inside it, and out again, by how it is run alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.inside import Inside
from consumers.fraud.service import SPEC
from events.door.services import issue_service_keys
from events.journal import after
from subscriber.serving import ServiceSettings, Way, run
from tests.consumers.door import write_run_file
from tests.consumers.fraud.office import LONG_AGO, Office, Person, face, near_to
from tests.contracts.door import Door
from tests.events.makers import NOW
from tests.sequencing import say

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]

FIRST = Person(case=1, applicant="a1", number="MORGA657054SM9IJ", face=face(1))
SECOND = Person(case=2, applicant="a2", number="JONES801023XY1AB", face=near_to(face(1), 0.3))
THIRD = Person(case=3, applicant="a3", number="JONES801023XY1AB", face=face(3))


@contextmanager
def running(folder: Path, way: Way | None) -> Iterator[None]:
    """Run the service as its process does, or as the pipeline's process does."""
    stop = threading.Event()
    settings = ServiceSettings("fraud", folder)
    thread = threading.Thread(target=lambda: run(SPEC, settings, stop, way))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=20)


def hand_in(person: Person) -> None:
    person.keep_face()
    say(person.drafts(), now=NOW)


def wait_until(done: Callable[[], bool], within_s: float = 20) -> None:
    until_s = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < until_s, "it never came to that"
        time.sleep(0.02)


def said(person: Person) -> list[tuple[float, list[str]]]:
    """List what the journal has of a case: scores, and the codes that they rest on."""
    events = [e for e in after(0, streams=["fraud.score"]) if e.envelope.subject == person.subject]
    assert len({e.envelope.id for e in events}) == len(events)
    assert {e.envelope.source for e in events} <= {"fraud"}
    return [(e.message.score_01, [f.code for f in e.message.findings]) for e in events]  # type: ignore[attr-defined]  # by its stream


def test_it_goes_on_inside_where_it_was_outside_and_out_again(
    door: Door, tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"  # type: ignore[attr-defined]  # Django's
    monkeypatch.setenv("VOUCH_FRAUD_SINCE", LONG_AGO.isoformat())
    write_run_file(tmp_path, door.url, "fraud", key=issue_service_keys(["fraud"])["fraud"])

    with running(tmp_path, None):
        hand_in(FIRST)
        wait_until(lambda: (0, []) in said(FIRST))
    with running(tmp_path, Inside(SPEC)):
        hand_in(SECOND)
        wait_until(lambda: (0.9, ["same_face_other_document"]) in said(FIRST))
    with running(tmp_path, None):
        hand_in(THIRD)
        wait_until(lambda: (0.9, ["same_document_other_face"]) in said(THIRD))

    assert said(SECOND)[-1] == (0.99, ["same_face_other_document", "same_document_other_face"])
    folder = tmp_path / "always-outside"
    folder.mkdir()
    with Office.at(door, folder) as outside:
        outside.settle()
        for person in (FIRST, SECOND, THIRD):
            found = outside.found(person)
            assert said(person)[-1] == (found.score_01, [f.code for f in found.findings])
