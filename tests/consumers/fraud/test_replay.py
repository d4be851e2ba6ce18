"""Made anew from message one, the rows are the same, and nothing is said again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from consumers.fraud.reading import Reader
from consumers.fraud.service import SPEC, subscriber
from events.door.services import issue_service_keys
from events.journal import Draft, after
from protocol.schemas import verification_v1_pb2 as v
from subscriber import HttpJournalSource, Service, versions_of
from subscriber.rebuild import rebuild
from subscriber.serving import Door as ServiceDoor
from tests.consumers.everybody import fingerprint
from tests.consumers.fraud.office import LONG_AGO, Office, Person, face, near_to
from tests.contracts.door import Door
from tests.events.makers import NOW
from tests.sequencing import say

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]

EVERYONE = [
    Person(case=1, applicant="a1", number="MORGA657054SM9IJ", face=face(1), clip=b"\1" * 32),
    Person(case=2, applicant="a2", number="JONES801023XY1AB", face=near_to(face(1), 0.3)),
    Person(case=3, applicant="a3", name="Ada Lovelace", born="1990-04-12", clip=b"\1" * 32),
    Person(case=4, applicant="a1", number="MORGA657054SM9IJ", face=near_to(face(1), 0.3, seed=4)),
]


def test_a_replay_gives_the_same_rows_and_says_nothing(door: Door, office: Office, tmp_path: Path) -> None:
    office.hand_in(*EVERYONE)
    withdrawn = v.BiometricBasisWithdrawn(text_version="1")
    say([Draft(message=withdrawn, subject=EVERYONE[1].subject, client="cl_1", applicant="a2")], now=NOW)
    office.settle()
    key = issue_service_keys(["fraud"])["fraud"]
    file = tmp_path / "fraud.sqlite3"
    before, said = fingerprint(file), len(after(0, streams=["fraud.score"]))

    with closing(Reader(lambda: ServiceDoor(door.url, key))) as reader:
        rebuild(
            Service(
                subscriber=subscriber(reader, LONG_AGO),
                versions=versions_of(str(file)),
                prepare=SPEC.prepare,
                source=lambda: HttpJournalSource(door.url, key, SPEC.streams),
            )
        )

    made = versions_of(str(file)).current()
    assert str(made) != str(file)
    assert fingerprint(str(made)) == before
    assert len(after(0, streams=["fraud.score"])) == said > len(EVERYONE)
