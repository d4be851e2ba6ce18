"""The case's clock: what still runs ends with the deadline, a waiting with its dial."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from tests.pipeline.building import NOW
from tests.pipeline.running import Turns
from verification.pipeline import deadlines

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def case() -> Turns:
    """Give a case with a front, whose clock nothing but the subscriber keeps."""
    case = Turns(deadlines.subscriber())
    case.say(
        v.CaseOpened(reference="r-1", live=True),
        v.EvidenceReceived(evidence_id="e-1", evidence_kind="document_front"),
    )
    return case


def submit(case: Turns) -> None:
    case.say(v.CaseSubmitted(by="applicant"))


def wait(case: Turns) -> None:
    """Have the register waited for, on the front there is, from now on for a quarter of an hour."""
    until_us = to_us(case.now + 15 * MINUTE)
    case.say(v.WaitingBegan(check="register", evidence_keyseq=2, until_us=until_us))


def late(case: Turns) -> list[list[str]]:
    """List which checks each deadline ended."""
    return [[*said.checks] for said in case.told(v.DeadlinePassed)]


def test_what_still_runs_ends_fifteen_seconds_after_submit_and_not_before(case: Turns) -> None:
    submit(case)
    case.turn(after=14 * SECOND)
    assert late(case) == []

    case.turn(after=SECOND)

    assert [("register" in checks) for checks in late(case)] == [True]


def test_a_waiting_that_begins_after_the_deadline_is_ended_all_the_same(case: Turns) -> None:
    submit(case)
    case.turn(after=16 * SECOND)
    wait(case)
    case.turn(after=15 * MINUTE)
    assert len(late(case)) == 1

    case.turn(after=15 * SECOND)

    assert late(case)[1:] == [["register"]]
    assert case.check().check == "register"
    case.turn(after=MINUTE)
    assert len(late(case)) == 2


def test_the_end_of_a_waiting_ends_nothing_of_a_case_that_was_submitted_just_before(case: Turns) -> None:
    wait(case)
    case.turn(after=15 * MINUTE + 5 * SECOND)
    submit(case)
    case.turn(after=12 * SECOND)
    assert late(case) == []

    case.turn(after=3 * SECOND)

    assert [("register" in checks) for checks in late(case)] == [True]


def test_a_case_that_is_never_submitted_is_not_ended_by_its_waiting(case: Turns) -> None:
    wait(case)

    case.turn(after=16 * MINUTE)

    assert case.now > NOW + 15 * MINUTE
    assert late(case) == []
