"""Clients are compared in a sharing group only, from its beginning to its end, and none is ever named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.journal import Draft
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as client
from tests.consumers.fraud.office import Office, Person, face, near_to
from tests.events.makers import NOW
from tests.sequencing import say

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]

OURS = Person(case=1, applicant="a1", number="MORGA657054SM9IJ", face=face(1))
THEIRS = Person(case=2, applicant="a2", client="cl_2", number="JONES801023XY1AB", face=near_to(face(1), 0.3))
LATER = NOW + timedelta(hours=1)


def joined(who: str, group: str = "betting-uk", *, hours: int = 0) -> None:
    message = client.SharingJoined(
        sharing_group=group,
        legal_ground="fraud prevention, agreement of 2026-04-01",
        from_us=to_us(NOW - timedelta(days=1)),
        until_us=to_us(NOW + timedelta(hours=hours)) if hours else 0,
    )
    say([Draft(message=message, subject=who, client=who)])


def left(who: str) -> None:
    say([Draft(message=client.SharingLeft(sharing_group="betting-uk"), subject=who, client=who)], now=NOW)


def test_members_are_compared_and_no_reason_names_another_client_or_its_cases(office: Office) -> None:
    joined("cl_1")
    joined("cl_2")
    office.hand_in(OURS, THEIRS)

    for person, other in ((OURS, THEIRS), (THEIRS, OURS)):
        last = office.said(person)[-1]
        (finding,) = last.findings
        assert (finding.code, finding.cases) == ("same_face_other_document", 1)
        assert (finding.sharing_group, list(finding.case_ids)) == ("betting-uk", [])
        assert not any(word in str(last) for word in (other.client, other.subject, other.applicant))


def test_who_has_left_is_compared_no_more(office: Office) -> None:
    joined("cl_1")
    joined("cl_2")
    left("cl_2")
    office.hand_in(OURS, THEIRS)

    assert [office.codes(OURS), office.codes(THEIRS)] == [[], []]


def test_a_membership_ends_at_its_end(office: Office) -> None:
    joined("cl_1")
    joined("cl_2", hours=2)
    office.hand_in(OURS, THEIRS)
    late = Person(case=3, applicant="a3", number="SMITH111111AA1AA", face=near_to(face(1), 0.3, seed=9))
    office.hand_in(late, at=NOW + timedelta(hours=3))

    assert office.codes(THEIRS) == ["same_face_other_document"]
    assert [f.sharing_group for f in office.found(late).findings] == [""]


def test_two_groups_are_not_one(office: Office) -> None:
    joined("cl_1", "betting-uk")
    joined("cl_2", "banks")
    office.hand_in(OURS, THEIRS)

    assert [office.codes(OURS), office.codes(THEIRS)] == [[], []]


def test_a_client_in_two_groups_with_another_finds_each_case_once(office: Office) -> None:
    for group in ("betting-uk", "banks"):
        joined("cl_1", group)
        joined("cl_2", group)
    office.hand_in(OURS, THEIRS)

    assert [(f.sharing_group, f.cases) for f in office.found(OURS).findings] == [("banks", 1)]
