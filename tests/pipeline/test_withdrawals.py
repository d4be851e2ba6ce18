"""A basis that was withdrawn takes the face's key with it, also where the call that withdrew it could not."""

from __future__ import annotations

import time

import pytest
from django.db import connections

from events.errors import Erased
from events.keys import data_key, forget_cached
from protocol.catalogue import PersonalClass
from protocol.schemas import verification_v1_pb2 as v
from subscriber.errors import NotNow
from tests.pipeline.running import Turns
from verification.pipeline import withdrawals

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
APPLICANT = "applicant-1"


@pytest.fixture
def case() -> Turns:
    forget_cached()
    for personal in (PersonalClass.BIOMETRIC, PersonalClass.IDENTITY):
        data_key(APPLICANT, personal, create=True)
    return Turns(withdrawals.subscriber())


def test_a_withdrawn_basis_destroys_the_key_of_the_face_and_no_other(case: Turns) -> None:
    case.say(v.BiometricBasisRecorded(basis="consent"))
    assert data_key(APPLICANT, PersonalClass.BIOMETRIC, create=False)

    case.say(v.BiometricBasisWithdrawn())

    with pytest.raises(Erased):
        data_key(APPLICANT, PersonalClass.BIOMETRIC, create=False)
    assert data_key(APPLICANT, PersonalClass.IDENTITY, create=False)


def test_while_the_key_store_is_away_it_is_tried_until_it_answers(case: Turns) -> None:
    with connections["keys"].cursor() as cursor:
        cursor.execute("ALTER TABLE events_applicantkey RENAME TO away")
    case.say(v.BiometricBasisWithdrawn())
    with pytest.raises(NotNow):
        data_key(APPLICANT, PersonalClass.BIOMETRIC, create=False)

    with connections["keys"].cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO events_applicantkey")
    until_s = time.monotonic() + 20
    while not _erased() and time.monotonic() < until_s:
        case.turn()
    assert _erased()


def _erased() -> bool:
    forget_cached()
    try:
        data_key(APPLICANT, PersonalClass.BIOMETRIC, create=False)
    except Erased:
        return True
    return False
