"""The page of one case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser

from access.principals import Principal
from events import journal
from events.keys import destroy_key, forget_cached
from events.models import ApplicantKey
from protocol.catalogue import PersonalClass, all_types, message_class, stream_of
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import dependency_v1_pb2 as x
from protocol.schemas import fraud_v1_pb2 as f
from protocol.schemas import verification_v1_pb2 as v
from tests.rebuilding import rebuilt_equal
from tests.review.building import NOW, PAGE, Desk
from tests.review.looking import CASES, case_at, picture_at, views_of
from tests.verification.files import picture
from verification import cases
from verification.review.timeline import say

pytestmark = pytest.mark.django_db(databases="__all__")
_OF_A_CASE = ("verification", "decisions", "dependency", "fraud")


def _page(browser: Browser, desk: Desk) -> str:
    answer = browser.get(case_at(desk.case))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return " ".join(answer.content.decode().split())


def _policy() -> d.PolicyVersion:
    return d.PolicyVersion(name="low_stake", version=1)


def test_a_page_is_recorded_once_as_a_view_before_it_is_shown(reviewer: Browser, desk: Desk) -> None:
    with rebuilt_equal():
        page = _page(reviewer, desk)

    assert views_of(desk.case) == [("case", "")]
    assert "1 view of personal data, this one included" in page


def test_claimed_and_read_stand_side_by_side_with_how_they_compare(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    desk.cut(front)
    parts = [
        v.Breakdown(name="given_names", status="clear"),
        v.Breakdown(name="family_name", status="caution", reasons=[v.Reason(code="claim_mismatch")]),
    ]
    desk.say(
        v.CheckCompleted(
            check="comparison", status="caution", breakdown=parts, evidence_keyseq=front.keyseq, final=True
        )
    )

    page = _page(reviewer, desk)

    for words in ("Speci&lt;men", "OTHER", "ada@example.org", "Differs", "Matches"):
        assert words in page


def test_values_read_on_a_replaced_front_are_not_shown(reviewer: Browser, desk: Desk) -> None:
    desk.cut(desk.send())
    desk.send(path=picture(desk.folder / "a-newer-front.jpg"))

    page = _page(reviewer, desk)

    assert "OTHER" not in page
    assert "it no longer counts" in page


def test_what_was_seen_before_is_told_with_the_cases_that_it_was_seen_in(
    reviewer: Browser, desk: Desk
) -> None:
    finding = f.Finding(
        code="same_face", cases=1, case_ids=[PAGE], weight_01=0.3, explanation="In 1 other case, a face."
    )
    for score in (0.1, 0.8):
        desk.say(f.FraudScored(score_01=score, findings=[finding], compared=["face", "document"]))

    page = _page(reviewer, desk)

    assert "Score 0.80" in page
    assert "Score 0.10" not in page
    assert "compared: face, document" in page
    assert 'In 1 other case, a face. <span class="vouch-small">weighs 0.30' in page
    assert f'<a href="{case_at(PAGE)}">{PAGE}</a>' in page


def test_a_case_that_nobody_compared_says_so(reviewer: Browser, desk: Desk) -> None:
    assert "The fraud service has said nothing of this case yet" in _page(reviewer, desk)


def test_a_case_without_evidence_says_what_is_missing(reviewer: Browser, desk: Desk) -> None:
    page = _page(reviewer, desk)

    assert "the applicant has sent nothing that could be taken" in page
    assert "the document&#x27;s front, a recording of the face, document check" in page
    assert "the decisions service has not decided this case" in page
    assert "Nobody outside was asked" in page
    assert page.count("Not ended") == 9


def test_refused_evidence_is_told_with_its_reason(reviewer: Browser, desk: Desk) -> None:
    desk.say(v.EvidenceRefused(evidence_kind="face_video", code="too_short"))

    assert "Clip of the face: The clip is too short" in _page(reviewer, desk)


def test_a_decision_points_to_the_facts_it_rests_on(reviewer: Browser, desk: Desk) -> None:
    opened = journal.after(0, subject=desk.case)[0].envelope
    reached = d.DecisionReached(
        outcome="approve",
        state="provisional",
        policy=_policy(),
        because=[str(opened.id)],
        missing=["tamper"],
        expires_at_us=1_795_000_000_000_000,
    )
    desk.say(reached)

    page = _page(reviewer, desk)

    assert f'<a href="#p{opened.position}">{opened.position}</a> Opened with a live key' in page
    assert "Waits for: Tamper" in page
    assert "ends 18 Nov 2026" in page


def test_expired_and_corrected_decisions_are_told_newest_first(reviewer: Browser, desk: Desk) -> None:
    desk.say(d.DecisionReached(outcome="approve", state="final", policy=_policy()))
    desk.say(d.DecisionExpired(decision_id="1", outcome="approve", policy=_policy()))
    desk.say(d.DecisionCorrected(decision_id="1", outcome="refer", policy=_policy()))

    page = _page(reviewer, desk)

    assert page.index("<b>corrected</b>") < page.index("<b>expired</b>") < page.index("<b>final</b>")
    assert "Earlier decisions (2)" in page


def test_a_persons_decision_is_told_with_whose_it_is_and_why(reviewer: Browser, desk: Desk) -> None:
    by_client = v.ReviewConcluded(
        by="client", reviewer_id="ak_1", outcome="decline", reasons=["printed_copy"]
    )
    desk.say(by_client)

    page = _page(reviewer, desk)

    assert "by the client&#x27;s own reviewer" in page
    assert "<li>The document is a print, not the original.</li>" in page
    assert "The client&#x27;s own reviewer ak_1 decided: decline (printed copy)" in page


def test_the_decision_that_stands_is_told_before_what_a_policy_said_later(
    reviewer: Browser, desk: Desk
) -> None:
    desk.say(v.ReviewConcluded(by="staff", reviewer_id="7", outcome="decline"))
    desk.say(d.DecisionReached(outcome="approve", state="final", policy=_policy()))

    page = _page(reviewer, desk)

    assert page.index("by our reviewer") < page.index("Earlier decisions (1)") < page.index("by policy")


def test_a_person_is_asked_for_until_one_decides(reviewer: Browser, desk: Desk) -> None:
    desk.say(v.ReviewRequested(by="applicant"))
    assert "A person was asked for" in _page(reviewer, desk)

    desk.say(v.ReviewConcluded(by="client", reviewer_id="ak_1", outcome="approve"))

    assert "A person was asked for" not in _page(reviewer, desk)


def test_a_check_shows_its_parts_and_what_no_longer_counts(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    desk.judge("tamper", "unavailable", front, v.Reason(code="step_failed"))
    desk.judge("tamper", "suspected", front, v.Reason(code="text_altered", fields=["family_name"]))

    page = _page(reviewer, desk)

    assert "Printed text differs from its surroundings" in page
    assert "Fields: family name." in page
    assert "No longer counts: Unavailable (step failed)" in page


def test_questions_to_the_register_are_told_with_their_answers(reviewer: Browser, desk: Desk) -> None:
    for attempt, call in enumerate(("failed", "answered", "open"), start=1):
        desk.say(x.CallAsked(dependency="licence_register", call_id=call, attempt=attempt))
    desk.say(x.CallFailed(call_id="failed", failure="slow", took_ms=3001))
    desk.say(x.CallAnswered(call_id="answered", answer="matched"))

    page = _page(reviewer, desk)

    for words in ("No answer: slow", "3001 ms", "Matched", "No answer is known yet"):
        assert words in page


def test_a_submitted_case_tells_every_check_that_could_not_be_asked(reviewer: Browser, desk: Desk) -> None:
    cases.submit(desk.case, by="applicant", now=NOW + timedelta(seconds=2))

    page = _page(reviewer, desk)

    assert page.count("submitted without the evidence this check rests on") == 9
    assert "+2.00 s" in page


def test_an_erased_applicant_is_told_in_words_and_no_picture_is_asked_for(
    reviewer: Browser, desk: Desk
) -> None:
    desk.cut(desk.send())
    for personal in PersonalClass:
        destroy_key(desk.row.applicant, personal, now=NOW)

    page = _page(reviewer, desk)

    assert "Contact, identity, biometric: Erased" in page
    assert "<em>erased</em>" in page
    assert picture_at(desk.case, PAGE) not in page


def test_contact_details_stay_readable_when_only_the_identity_is_erased(
    reviewer: Browser, desk: Desk
) -> None:
    destroy_key(desk.row.applicant, PersonalClass.IDENTITY, now=NOW)

    page = _page(reviewer, desk)

    assert "ada@example.org" in page
    assert "Speci" not in page


def test_a_key_store_that_lost_its_keys_is_told_in_words(reviewer: Browser, desk: Desk) -> None:
    ApplicantKey.objects.filter(applicant=desk.row.applicant).delete()
    forget_cached()

    page = _page(reviewer, desk)

    assert "The key store does not answer" in page
    assert "<em>cannot be read now</em>" in page


def test_an_unknown_case_leads_back_to_the_list(reviewer: Browser, asker: Principal) -> None:
    answer = reviewer.get(case_at("01990000-0000-7000-8000-00000000000f"), follow=True)

    assert answer.request["PATH_INFO"] == CASES
    assert "There is no case of that id" in answer.content.decode()


def test_every_page_and_picture_has_a_heading_a_title_and_words(reviewer: Browser, desk: Desk) -> None:
    desk.cut(desk.send())

    page = _page(reviewer, desk)

    assert "<title> Case order-1 |" in page
    assert 'alt="The page, cut straight, drawn anew"' in page
    assert page.count("<h2 ") == page.count("aria-labelledby=") - page.count("<article")


@pytest.mark.parametrize(
    "type_",
    [t for t in all_types() if t.startswith(tuple(f"vouch.{name}" for name in _OF_A_CASE))],
)
def test_every_journalled_event_of_a_case_has_plain_words(type_: str) -> None:
    said = say(message_class(type_)())

    assert (said != type_.rpartition(".")[2]) is (stream_of(type_).lane != "best_effort")


def test_nothing_personal_is_told_in_the_timeline(desk: Desk) -> None:
    desk.cut(desk.send())

    told = " ".join(say(event.message) for event in journal.after(0, subject=desk.case))

    assert "family name" in told
    assert "OTHER" not in told
    assert "Speci" not in told
