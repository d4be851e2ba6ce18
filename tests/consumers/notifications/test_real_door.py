"""Beside the product's own door: the contact key is given to the service, and no other one ever."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.door.services import issue_service_keys
from events.journal import after, record
from events.keys import destroy_key
from protocol.catalogue import PersonalClass, stream_named
from protocol.schemas import notifications_v1_pb2 as said
from protocol.schemas import verification_v1_pb2 as verification
from subscriber.keys import KeyErased, KeyNeverMade, KeyRefused, Keys
from tests.consumers.door import write_run_file
from tests.consumers.notifications.histories import PHONE
from tests.consumers.notifications.office import wait_until
from tests.contracts.door import Door, serve
from tests.events.makers import NOW, opened, received, submitted
from tests.rebuilding import empty_journal

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__")]


@pytest.fixture
def real(transactional_db: None) -> Iterator[Door]:
    empty_journal()
    with serve(key=issue_service_keys(["notifications"])["notifications"]) as door:
        yield door
    empty_journal()


def asked(door: Door, personal: PersonalClass, applicant: str = "applicant-1") -> bytes:
    with closing(Keys(door.url, door.key, purpose="a test")) as keys:
        return keys.of(applicant, personal)


def test_the_catalogue_opens_contact_values_to_it_and_nothing_else() -> None:
    opens = [(who, personal) for who, personal in stream_named("verification.case").opens]

    assert [personal for who, personal in opens if who == "notifications"] == [PersonalClass.CONTACT]


def test_the_door_gives_it_the_contact_key_and_no_other(real: Door) -> None:
    record([opened(), received()], now=NOW)

    assert len(asked(real, PersonalClass.CONTACT)) == 64
    for personal in (PersonalClass.IDENTITY, PersonalClass.BIOMETRIC):
        with pytest.raises(KeyRefused):
            asked(real, personal)


def test_a_key_that_is_gone_and_one_that_never_was_are_told_apart(real: Door) -> None:
    record([opened()], now=NOW)
    destroy_key("applicant-1", PersonalClass.CONTACT, now=NOW)

    with pytest.raises(KeyErased):
        asked(real, PersonalClass.CONTACT)
    with pytest.raises(KeyNeverMade):
        asked(real, PersonalClass.CONTACT, applicant="nobody")


@contextmanager
def running(folder: Path, door: Door) -> Iterator[Path]:
    """Run the service beside the door, as a process; gives where its e-mails lie."""
    own = folder / "notifications"
    own.mkdir()
    (own / "clients.toml").write_text('["*"]\napplicants = true\nname = "Bank"\nquiet = ""\n')
    (own / "first_start").write_text((NOW - timedelta(days=1)).isoformat())
    write_run_file(folder, door.url, "notifications", key=door.key)
    command = [sys.executable, "-m", "consumers.notifications", "run"]
    with subprocess.Popen(command, env={**os.environ, "VOUCH_DATA": str(folder)}) as process:
        try:
            yield own / "outbox"
        finally:
            process.terminate()


def ends() -> list[str]:
    events = [event.message for event in after(0, streams=["notifications.delivery"])]
    return [type(m).__name__ for m in events if not isinstance(m, said.MessageAsked | said.AttemptDue)]


def claims_of(case: str, applicant: str) -> None:
    draft = opened(case, applicant=applicant)
    assert isinstance(draft.message, verification.CaseOpened)
    draft.message.claimed.phone = PHONE.encode()
    draft.message.live = False
    record([draft], now=datetime.now(UTC))


@pytest.mark.slow
def test_beside_the_product_it_writes_to_whom_it_may(real: Door, tmp_path: Path) -> None:
    claims_of("case-1", "applicant-1")
    claims_of("case-2", "applicant-2")
    destroy_key("applicant-2", PersonalClass.CONTACT, now=NOW)

    record([submitted("case-1"), submitted("case-2")], now=datetime.now(UTC))

    with running(tmp_path, real) as outbox:
        came = wait_until(lambda: len(ends()) == 2, within_s=60)

    assert came
    assert sorted(ends()) == ["MessageDropped", "MessageSent"]
    assert len(list(outbox.iterdir())) == 1
