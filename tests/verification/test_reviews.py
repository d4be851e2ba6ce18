"""What people decide: asked for, contested, concluded; each proved against a rebuild of the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from google.protobuf.message import Message

from access.models import CaseDoor
from access.principals import Principal, Unauthorised, authenticate
from events import journal
from events.journal import Draft
from protocol.policies import NO_DECISION, Outcome
from protocol.problems import Refused
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.verification.conftest import NOW, OPENING
from verification import cases
from verification.cases import Opened
from verification.decide_review import Conclusion
from verification.idempotency import request
from verification.models import Case, Decision

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]

LATER = NOW + timedelta(seconds=30)
DECLINED = d.DecisionReached(outcome="decline", state="final")
REFERRED = d.DecisionReached(outcome="refer", state="provisional")


def decided(case: str, message: Message) -> str:
    """Say a policy's decision; gives its event's id."""
    (recorded,) = journal.record(
        [Draft(message=message, subject=case, client="c", source="decisions")], now=NOW
    )
    return str(recorded.envelope.id)


def concludes(case: str, outcome: Outcome, *reasons: str, by: str = "client") -> None:
    said = Conclusion(by=by, reviewer_id="ak_1", outcome=outcome, reasons=reasons)
    cases.conclude_review(case, said, now=LATER)


def conclusions(case: str) -> list[v.ReviewConcluded]:
    said = (e.message for e in journal.after(0, subject=case))
    return [message for message in said if isinstance(message, v.ReviewConcluded)]


def status(case: str) -> str:
    return Case.objects.get(pk=case).status


def test_a_person_decides_a_case_that_no_policy_has_decided(case: str) -> None:
    concludes(case, Outcome.APPROVE)

    assert status(case) == "decided"
    assert [(c.outcome, c.by, c.reviewer_id, c.corrects) for c in conclusions(case)] == [
        ("approve", "client", "ak_1", "")
    ]


def test_what_was_decided_is_kept_with_who_and_why(case: str) -> None:
    concludes(case, Outcome.DECLINE, "printed_copy", "printed_copy", by="staff")

    kept = Decision.objects.get(case=case)
    assert (kept.outcome, kept.state, kept.by, kept.policy_name) == ("decline", "final", "reviewer", "")
    assert kept.reasons == ["printed_copy"]


def test_the_same_decision_again_is_said_once(case: str) -> None:
    for _ in range(2):
        concludes(case, Outcome.DECLINE, "blurred")

    assert len(conclusions(case)) == 1


def test_other_reasons_are_said_and_correct_nothing(case: str) -> None:
    concludes(case, Outcome.DECLINE, "blurred")
    concludes(case, Outcome.DECLINE, "glare")

    assert [list(c.reasons) for c in conclusions(case)] == [["blurred"], ["glare"]]
    assert [c.corrects for c in conclusions(case)] == ["", ""]


def test_another_outcome_than_the_final_one_names_what_it_corrects(case: str) -> None:
    by_policy = decided(case, DECLINED)

    concludes(case, Outcome.APPROVE)
    concludes(case, Outcome.REFER)

    first, second = conclusions(case)
    assert first.corrects == by_policy
    assert second.corrects == str(journal.after(0, subject=case)[-2].envelope.id)
    assert status(case) == "in_review"


def test_a_referral_is_concluded_and_not_corrected(case: str) -> None:
    decided(case, REFERRED)

    concludes(case, Outcome.APPROVE)

    assert [c.corrects for c in conclusions(case)] == [""]
    assert status(case) == "decided"


def test_after_a_policys_correction_the_same_decision_is_said_anew(case: str) -> None:
    concludes(case, Outcome.APPROVE)
    mine = str(journal.after(0, subject=case)[-1].envelope.id)
    decided(case, d.DecisionCorrected(outcome="refer", decision_id=mine))
    assert status(case) == "in_review"

    concludes(case, Outcome.APPROVE)

    assert len(conclusions(case)) == 2
    assert status(case) == "decided"


def test_a_reason_that_there_is_not_is_refused(case: str) -> None:
    with pytest.raises(Refused, match="invalid") as refused:
        concludes(case, Outcome.DECLINE, "blurred", "i_do_not_like_it")

    assert refused.value.extra["field"] == "reasons"
    assert "like" not in refused.value.detail
    assert conclusions(case) == []


def test_a_case_that_is_over_is_not_decided_any_more(case: str) -> None:
    cases.withdraw(case, by="client", now=NOW)

    with pytest.raises(Refused, match="not_accepting"):
        concludes(case, Outcome.APPROVE)


def test_an_expired_case_is_not_decided_any_more(case: str) -> None:
    cases.expire(case, now=NOW + timedelta(hours=1))

    with pytest.raises(Refused, match="not_accepting"):
        concludes(case, Outcome.APPROVE)


def test_a_decided_case_does_not_expire(case: str) -> None:
    concludes(case, Outcome.APPROVE)
    cases.expire(case, now=NOW + timedelta(hours=1))

    assert status(case) == "decided"


def test_a_decision_raises_the_version(case: str) -> None:
    concludes(case, Outcome.APPROVE)

    assert Case.objects.get(pk=case).version == 2


def test_a_persons_decision_ends_the_phones_reading_a_quarter_of_an_hour_later(opened: Opened) -> None:
    concludes(opened.id, Outcome.APPROVE)

    assert CaseDoor.objects.get(case=opened.id).reading_ends_at_us
    ends = LATER + timedelta(minutes=15)
    authenticate(f"Bearer {opened.grant.token}", now=ends - timedelta(seconds=1))
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {opened.grant.token}", now=ends)


@pytest.mark.parametrize("by", ["applicant", "client"])
def test_an_automated_decline_is_contested_and_a_person_decides(case: str, by: str) -> None:
    decided(case, DECLINED)
    assert status(case) == "decided"

    cases.request_review(case, by=by, now=LATER)
    cases.request_review(case, by=by, now=LATER)

    assert status(case) == "in_review"
    concludes(case, Outcome.APPROVE)
    assert status(case) == "decided"


def test_a_decline_that_a_person_upholds_is_decided_again(case: str) -> None:
    decided(case, DECLINED)
    cases.request_review(case, by="applicant", now=LATER)

    concludes(case, Outcome.DECLINE)

    assert (status(case), [c.corrects for c in conclusions(case)]) == ("decided", [""])


@pytest.mark.parametrize("by", ["applicant", "client"])
def test_in_review_already_there_is_nothing_to_ask_for(case: str, by: str) -> None:
    decided(case, REFERRED)

    with pytest.raises(Refused, match="conflict"):
        cases.request_review(case, by=by, now=LATER)


def test_an_applicant_does_not_contest_what_a_person_decided_but_the_client_may(case: str) -> None:
    concludes(case, Outcome.DECLINE)

    with pytest.raises(Refused, match="conflict"):
        cases.request_review(case, by="applicant", now=LATER)
    cases.request_review(case, by="client", now=LATER)

    assert status(case) == "in_review"


def test_an_approval_gives_an_applicant_nothing_to_contest_but_the_client_may_doubt_it(case: str) -> None:
    decided(case, d.DecisionReached(outcome="approve", state="final"))

    with pytest.raises(Refused, match="conflict"):
        cases.request_review(case, by="applicant", now=LATER)
    cases.request_review(case, by="client", now=LATER)

    assert status(case) == "in_review"


def test_the_same_person_may_uphold_what_the_client_asked_about_again(case: str) -> None:
    concludes(case, Outcome.DECLINE)
    cases.request_review(case, by="client", now=LATER)

    concludes(case, Outcome.DECLINE)

    assert (status(case), len(conclusions(case))) == ("decided", 2)


def test_an_expired_case_has_nothing_to_review(case: str) -> None:
    cases.expire(case, now=NOW + timedelta(hours=1))

    with pytest.raises(Refused, match="not_accepting"):
        cases.request_review(case, by="applicant", now=LATER)


def test_without_a_policy_a_checked_case_is_decided_by_a_person(asker: Principal) -> None:
    wish = replace(OPENING, policy=NO_DECISION)
    case = cases.open_case(asker, wish, once=request("k", {}), now=NOW).id
    cases.submit(case, by="client", now=NOW)
    assert status(case) == "checked"

    concludes(case, Outcome.DECLINE, "evidence_missing")

    assert status(case) == "decided"


def test_without_a_policy_a_client_asks_for_a_person_once_all_is_checked(asker: Principal) -> None:
    wish = replace(OPENING, policy=NO_DECISION)
    case = cases.open_case(asker, wish, once=request("k", {}), now=NOW).id
    cases.submit(case, by="client", now=NOW)

    cases.request_review(case, by="client", now=LATER)

    assert status(case) == "in_review"
