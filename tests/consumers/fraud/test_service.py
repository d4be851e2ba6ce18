"""Beside the product: what was seen before is said of the new case, and of the old one as well."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from events.journal import Draft
from events.keys import destroy_key, forget_cached
from protocol.catalogue import PersonalClass
from protocol.schemas import verification_v1_pb2 as v
from tests.consumers.fraud.office import Office, Person, face, near_to
from tests.contracts.door import Door
from tests.events.makers import NOW
from tests.sequencing import say

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]

ADA = Person(case=1, applicant="a1", number="MORGA657054SM9IJ", face=face(1))
STRANGER = Person(case=2, applicant="a2", number="JONES801023XY1AB", face=face(2))


def test_a_first_case_is_said_to_be_like_no_other_with_what_could_be_compared(office: Office) -> None:
    office.hand_in(ADA)

    last = office.said(ADA)[-1]
    assert (last.score_01, list(last.findings)) == (0, [])
    assert list(last.compared) == ["clip", "document", "face"]


def test_strangers_have_nothing_in_common(office: Office) -> None:
    office.hand_in(ADA, STRANGER)

    assert [office.codes(ADA), office.codes(STRANGER)] == [[], []]


def test_one_face_with_two_documents_is_said_of_both_cases(office: Office) -> None:
    again = Person(case=3, applicant="a3", number="JONES801023XY1AB", face=near_to(face(1), 0.3))
    office.hand_in(ADA, again)

    assert office.codes(again) == office.codes(ADA) == ["same_face_other_document"]
    new, old = office.said(again)[-1], office.said(ADA)[-1]
    assert new.score_01 == old.score_01 == 0.9
    assert list(new.findings[0].case_ids) == [ADA.subject]
    assert list(old.findings[0].case_ids) == [again.subject]
    assert (new.because_of, old.because_of) == (again.subject, again.subject)


def test_one_document_with_two_faces_is_said(office: Office) -> None:
    thief = Person(case=3, applicant="a3", number="morga 657054 sm9ij", face=face(3))
    office.hand_in(ADA, thief)

    assert office.codes(thief) == ["same_document_other_face"]


def test_the_same_recording_weighs_most(office: Office) -> None:
    first = Person(case=1, applicant="a1", clip=b"\1" * 32)
    second = Person(case=2, applicant="a2", clip=b"\1" * 32)
    office.hand_in(first, second)

    assert office.codes(second) == ["same_clip"]


def test_a_number_that_was_misread_is_no_other_document(office: Office) -> None:
    blurred = Person(case=3, applicant="a1", number="MORGA657O54SM9IJ", face=near_to(face(1), 0.3))
    office.hand_in(ADA, blurred)

    assert office.codes(blurred) == ["tried_again"]


def test_what_was_not_surely_read_is_not_compared(office: Office) -> None:
    unsure = Person(case=3, applicant="a3", number=ADA.number, sure_01=0.5)
    wrong = Person(case=4, applicant="a4", number=ADA.number, check_digits_ok=False)
    office.hand_in(ADA, unsure, wrong)

    assert [office.codes(unsure), office.codes(wrong)] == [[], []]


def test_nearly_the_same_name_and_birth_date_with_another_document_is_said(office: Office) -> None:
    one = Person(case=1, applicant="a1", name="Élodie Brown-Smith", born="1990-04-12", number="AB1234567")
    two = Person(case=2, applicant="a2", name="elodie brown smith", born="1990-12-04", number="ZZ7654321")
    other = Person(case=3, applicant="a3", name="elodie brown smith", born="1961-07-30", number="QQ1112223")
    office.hand_in(one, two, other)

    assert [office.codes(one), office.codes(two), office.codes(other)] == [
        ["similar_details"],
        ["similar_details"],
        [],
    ]


def test_many_tries_within_a_day_are_said_and_over_weeks_are_not(office: Office) -> None:
    tries = [Person(case=n, applicant="a1", number=ADA.number) for n in range(10, 15)]
    weekly = [Person(case=n, applicant="a2", number="JONES801023XY1AB") for n in range(20, 25)]
    office.hand_in(*tries)
    for n, one in enumerate(weekly):
        office.hand_in(one, at=NOW + timedelta(weeks=n))

    assert office.codes(tries[-1]) == ["many_tries", "tried_again"]
    assert office.codes(weekly[-1]) == ["tried_again"]


def test_clients_are_not_compared_with_each_other_nor_live_cases_with_test_ones(office: Office) -> None:
    elsewhere = Person(
        case=3, applicant="a3", client="cl_2", number=ADA.number, face=face(1), clip=b"\7" * 32
    )
    trying = Person(case=4, applicant="a4", number=ADA.number, face=face(1), live=False)
    office.hand_in(ADA, elsewhere, trying)

    assert [office.codes(ADA), office.codes(elsewhere), office.codes(trying)] == [[], [], []]


def test_a_withdrawn_basis_takes_the_face_away_from_everyone(office: Office) -> None:
    again = Person(case=3, applicant="a3", number="JONES801023XY1AB", face=near_to(face(1), 0.3))
    office.hand_in(ADA, again)
    withdrawn = v.BiometricBasisWithdrawn(text_version="1")
    destroy_key("a1", PersonalClass.BIOMETRIC, now=NOW)
    say([Draft(message=withdrawn, subject=ADA.subject, client="cl_1", applicant="a1")])
    office.settle()

    assert [office.codes(ADA), office.codes(again)] == [[], []]
    assert list(office.said(again)[-1].findings) == []
    assert list(office.said(ADA)[-1].compared) == ["document"]
    assert (
        office.store.execute("SELECT 1 FROM fraud_signal WHERE applicant = 'a1' AND class = 'biometric'")
        == []
    )


def test_a_face_that_was_opened_just_before_is_not_taken_in_after_a_withdrawal(office: Office) -> None:
    other_case = Person(case=3, applicant="a1", number=ADA.number, face=near_to(face(1), 0.3))
    withdrawn = v.BiometricBasisWithdrawn(text_version="1")
    other_case.keep_face()
    office.hand_in(ADA)
    say([Draft(message=withdrawn, subject=ADA.subject, client="cl_1", applicant="a1")])
    office.settle()

    # Its key is still there: as it is for a moment in another case, whose works had begun.
    office.hand_in(other_case)

    assert list(office.found(other_case).compared) == ["document"]


def test_an_erasure_reaches_the_service_while_it_is_off(office: Office, door: Door, tmp_path: Path) -> None:
    office.hand_in(ADA)
    for personal in PersonalClass:
        destroy_key("a1", personal, now=NOW)
    forget_cached()

    with Office.at(door, tmp_path) as later:
        same = Person(case=3, applicant="a3", number=ADA.number, face=face(1))
        later.hand_in(same)

        assert later.codes(same) == []
        assert later.store.execute("SELECT DISTINCT applicant FROM fraud_signal") == [("a3",)]


def test_started_again_it_knows_all_that_it_knew(office: Office, door: Door, tmp_path: Path) -> None:
    office.hand_in(ADA, STRANGER)

    with Office.at(door, tmp_path) as later:
        again = Person(case=3, applicant="a3", number=STRANGER.number, face=near_to(face(1), 0.3))
        later.hand_in(again)

        assert later.codes(again) == ["same_face_other_document", "same_document_other_face"]


def test_what_comes_by_another_topic_before_a_cases_opening_is_taken_up_with_it(office: Office) -> None:
    office.hand_in(ADA)
    again = Person(case=3, applicant="a3", number="JONES801023XY1AB", face=near_to(face(1), 0.3))
    again.keep_face()
    opening, *others = again.drafts()
    say(others)
    office.settle()
    assert office.said(again) == []

    say([opening])
    office.settle()

    assert office.codes(again) == office.codes(ADA) == ["same_face_other_document"]


def test_nothing_personal_lies_in_its_file(office: Office, tmp_path: Path) -> None:
    person = Person(
        case=1,
        applicant="a1",
        name="Ada Lovelace",
        born="1990-04-12",
        number="MORGA657054SM9IJ",
        face=face(1),
    )
    office.hand_in(person)
    office.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    written = b"".join(path.read_bytes() for path in tmp_path.glob("fraud.sqlite3*"))
    assert b"a1" in written
    assert not any(word in written for word in (b"Ada", b"Lovelace", b"1990", b"MORGA", face(1).tobytes()))


def test_what_was_before_the_first_start_is_known_and_not_said(
    door: Door, office: Office, tmp_path: Path
) -> None:
    first = Person(case=3, applicant="a3", number=ADA.number, face=near_to(face(1), 0.3))
    folder = tmp_path / "late"
    folder.mkdir()
    with Office.at(door, folder, since=NOW + timedelta(hours=1)) as late:
        late.hand_in(ADA, first)
        assert (late.codes(first), late.said(first)) == (["same_person_again"], [])

        new = Person(case=4, applicant="a4", number="JONES801023XY1AB", face=near_to(face(1), 0.3, seed=5))
        late.hand_in(new, at=NOW + timedelta(hours=2))

        assert late.codes(new) == ["same_face_other_document"]
        assert len(late.said(new)) > 0
        assert [finding.code for finding in late.said(ADA)[-1].findings] == [
            "same_face_other_document",
            "same_person_again",
        ]
