"""The use cases of a case, each proved against a rebuild of its tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from access.clients import add_client, issue_key
from access.principals import Principal, Unauthorised, authenticate
from events import journal
from events.journal import Draft
from protocol.case_state import CaseState
from protocol.checks import Check
from protocol.ids import to_us
from protocol.problems import Refused
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.verification.conftest import BASIS, NOW, OPENING
from verification import cases, rows
from verification.cases import Opened
from verification.idempotency import request
from verification.models import Case, CheckResult, Fact, IdempotencyKey

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]

LATER = NOW + timedelta(seconds=30)


def _types(case: str) -> list[str]:
    return [event.envelope.type.rpartition(".")[2] for event in journal.after(0, subject=case)]


def _state(case: str) -> CaseState:
    return rows.standing_of(case).state


def _received(case: str, kind: str, evidence_id: str) -> None:
    received = v.EvidenceReceived(evidence_id=evidence_id, evidence_kind=kind, size=1, document_sha256=b"d")
    cases.record_facts(case, [received], now=NOW)


def test_an_opened_case_stands_open_with_a_token_for_the_phone(asker: Principal, opened: Opened) -> None:
    assert (opened.status, opened.version, opened.live) == ("open", 1, True)
    phone = authenticate(f"Bearer {opened.grant.token}", now=NOW)
    assert (phone.case, phone.client) == (opened.id, asker.client)
    assert _types(opened.id) == ["CaseOpened", "CaptureTokenIssued"]


def test_a_basis_given_at_opening_is_recorded_with_it(asker: Principal) -> None:
    opened = cases.open_case(asker, replace(OPENING, basis=BASIS), once=request("k", {}), now=NOW)
    assert _types(opened.id)[-1] == "BiometricBasisRecorded"
    assert rows.standing_of(opened.id).basis


def test_no_claimed_value_lies_in_clear_in_any_row_or_event(case: str) -> None:
    kept = "".join(str(vars(row)) for model in (Case, Fact) for row in model.objects.filter())
    said = b"".join(e.message.SerializeToString() for e in journal.after(0, subject=case))
    assert "Specimen" not in kept
    assert b"Specimen" not in said
    assert Fact.objects.filter(case=case, name="claimed.family_name").exists()


def test_the_same_request_again_gives_the_same_case_with_a_fresh_token(asker: Principal) -> None:
    first = cases.open_case(asker, OPENING, once=request("k", {"a": 1, "b": 2}), now=NOW)
    again = cases.open_case(asker, OPENING, once=request("k", {"b": 2, "a": 1}), now=LATER)
    assert again.id == first.id
    assert again.grant.token != first.grant.token
    assert authenticate(f"Bearer {first.grant.token}", now=LATER).case == first.id
    assert Case.objects.count() == 1


def test_the_same_key_with_another_body_is_a_mismatch(asker: Principal) -> None:
    cases.open_case(asker, OPENING, once=request("k", {"a": 1}), now=NOW)
    with pytest.raises(Refused, match="idempotency_mismatch"):
        cases.open_case(asker, OPENING, once=request("k", {"a": 2}), now=NOW)


def test_an_idempotency_key_is_forgotten_after_a_day(asker: Principal) -> None:
    first = cases.open_case(asker, OPENING, once=request("k", {"a": 1}), now=NOW)
    tomorrow = NOW + timedelta(hours=24)
    second = cases.open_case(asker, OPENING, once=request("k", {"a": 2}), now=tomorrow)
    assert second.id != first.id
    assert IdempotencyKey.objects.count() == 1


def test_an_idempotency_key_belongs_to_one_client_and_to_live_or_test(asker: Principal) -> None:
    test_key = issue_key(client=asker.client, now=NOW, live=False)
    tester = authenticate(f"Bearer {test_key}", now=NOW)
    live = cases.open_case(asker, OPENING, once=request("k", {}), now=NOW)
    test = cases.open_case(tester, OPENING, once=request("k", {}), now=NOW)
    assert (live.live, test.live) == (True, False)


def test_a_second_case_may_name_the_clients_own_applicant(asker: Principal, opened: Opened) -> None:
    again = cases.open_case(asker, OPENING, once=request("k2", {}), now=NOW, applicant=opened.applicant)
    assert again.applicant == opened.applicant
    assert again.id != opened.id


def test_another_clients_applicant_is_not_found(opened: Opened) -> None:
    _, key = add_client(name="Other Ltd", now=NOW)
    other = authenticate(f"Bearer {key}", now=NOW)
    with pytest.raises(Refused, match="not_found"):
        cases.open_case(other, OPENING, once=request("k", {}), now=NOW, applicant=opened.applicant)


def test_a_basis_is_recorded_and_withdrawn_and_raises_the_version(case: str) -> None:
    cases.record_basis(case, BASIS, now=NOW)
    assert rows.standing_of(case).basis
    cases.withdraw_basis(case, now=NOW)
    cases.withdraw_basis(case, now=NOW)
    assert not rows.standing_of(case).basis
    assert Case.objects.get(pk=case).version == 3


def test_a_challenge_is_the_same_until_its_clip_comes_or_its_time_is_over(case: str) -> None:
    first = cases.draw_challenge(case, now=NOW)
    again = cases.draw_challenge(case, now=NOW + timedelta(seconds=89))
    later = cases.draw_challenge(case, now=NOW + timedelta(seconds=90))
    assert again == first
    assert later.id != first.id
    assert later.actions == first.actions
    assert (first.attempt, later.attempt) == (1, 2)


def test_after_a_refused_clip_other_actions_are_drawn_three_times_at_most(case: str) -> None:
    for _ in range(3):
        cases.draw_challenge(case, now=NOW)
        cases.record_facts(case, [v.EvidenceRefused(evidence_kind="face_video", code="too_short")], now=NOW)
    with pytest.raises(Refused, match="too_many_attempts"):
        cases.draw_challenge(case, now=NOW)


def test_an_applicant_has_ten_challenges_a_day_over_all_cases(asker: Principal, opened: Opened) -> None:
    refused = v.EvidenceRefused(evidence_kind="face_video", code="too_short")
    for number in range(10):
        one = cases.open_case(
            asker, OPENING, once=request(f"n{number}", {}), now=NOW, applicant=opened.applicant
        )
        cases.draw_challenge(one.id, now=NOW + timedelta(minutes=number))
        cases.record_facts(one.id, [refused], now=NOW)
    with pytest.raises(Refused, match="too_many_attempts") as error:
        cases.draw_challenge(opened.id, now=NOW + timedelta(hours=1))
    assert error.value.extra["until"] == "2026-11-25T10:00:00+00:00"
    assert cases.draw_challenge(opened.id, now=NOW + timedelta(hours=24)).attempt == 1


def test_submitting_nothing_ends_all_nine_checks_at_once(case: str) -> None:
    cases.submit(case, by="client", now=LATER)
    ended = {row.name: row.status for row in CheckResult.objects.filter(case=case)}
    assert len(ended) == 9
    assert ended.pop("age") == "not_applicable"
    assert set(ended.values()) == {"unavailable"}
    assert _state(case).missing == ()


def test_submitting_nothing_leaves_a_minimum_age_unanswered(asker: Principal) -> None:
    wish = replace(OPENING, minimum_age=18)
    case = cases.open_case(asker, wish, once=request("k", {}), now=NOW).id
    cases.submit(case, by="client", now=NOW)
    assert CheckResult.objects.get(case=case, name="age").status == "unavailable"


def test_submitting_twice_is_submitting_once(case: str) -> None:
    cases.submit(case, by="client", now=NOW)
    said = _types(case)
    cases.submit(case, by="applicant", now=LATER)
    assert _types(case) == said


def test_with_only_a_front_just_the_checks_of_the_face_end_at_submit(case: str) -> None:
    _received(case, "document_front", "01990000-0000-7000-8000-000000000001")
    cases.submit(case, by="applicant", now=LATER)
    ended = CheckResult.objects.filter(case=case).values_list("name", "evidence_keyseq")
    assert sorted(ended) == [("face_match", 0), ("liveness", 0)]
    assert _state(case).status == "checking"


def test_the_deadline_ends_what_still_runs_and_a_real_answer_replaces_it(case: str) -> None:
    _received(case, "document_front", "01990000-0000-7000-8000-000000000001")
    cases.submit(case, by="applicant", now=NOW)
    cases.pass_deadline(case, now=LATER)
    state = _state(case)
    assert state.missing == ()
    assert state.checks[Check.TAMPER].reasons == ("deadline",)
    answer = v.CheckCompleted(check="tamper", status="clear", evidence_keyseq=3, final=True)
    cases.record_facts(case, [answer], now=LATER)
    assert _state(case).checks[Check.TAMPER].status == "clear"


def test_a_deadline_before_submit_or_passed_twice_says_nothing(case: str) -> None:
    cases.pass_deadline(case, now=NOW)
    _received(case, "document_front", "01990000-0000-7000-8000-000000000001")
    cases.submit(case, by="applicant", now=NOW)
    cases.pass_deadline(case, now=LATER)
    said = _types(case)
    cases.pass_deadline(case, now=LATER)
    assert _types(case) == said


def _waits(case: str, until: datetime) -> None:
    """Have the register of a case waited for, on its front."""
    _received(case, "document_front", "e-1")
    keyseq = _state(case).evidence["front"].keyseq
    began = v.WaitingBegan(check="register", evidence_keyseq=keyseq, until_us=to_us(until))
    cases.record_facts(case, [began], now=NOW)


def test_the_deadline_leaves_a_check_open_that_waits_by_a_dial(case: str) -> None:
    _waits(case, NOW + timedelta(minutes=15))
    cases.submit(case, by="client", now=NOW)

    again = cases.pass_deadline(case, now=LATER)

    assert (_state(case).status, _state(case).missing) == ("waiting", (Check.REGISTER,))
    assert _state(case).checks[Check.TAMPER].reasons == ("deadline",)
    assert again == NOW + timedelta(minutes=15, seconds=15)


def test_a_waiting_that_its_step_never_ends_is_ended_by_the_deadline(case: str) -> None:
    _waits(case, NOW + timedelta(minutes=15))
    cases.submit(case, by="client", now=NOW)
    again = cases.pass_deadline(case, now=LATER)
    assert again is not None

    assert cases.pass_deadline(case, now=again) is None
    assert cases.pass_deadline(case, now=again) is None

    assert _state(case).checks[Check.REGISTER].reasons == ("deadline",)
    assert _types(case).count("DeadlinePassed") == 2


def test_a_waiting_case_that_is_never_submitted_expires_with_its_token(case: str) -> None:
    _waits(case, NOW + timedelta(minutes=40))

    cases.expire(case, now=NOW + timedelta(minutes=30))

    assert _state(case).status == "expired"


@pytest.mark.parametrize("minutes", [29, 30])
def test_a_case_never_submitted_expires_with_its_token(case: str, minutes: int) -> None:
    cases.expire(case, now=NOW + timedelta(minutes=minutes))
    cases.expire(case, now=NOW + timedelta(minutes=minutes))
    assert _types(case).count("CaseExpired") == (minutes == 30)


def test_a_submitted_case_never_expires(case: str) -> None:
    cases.submit(case, by="client", now=NOW)
    cases.expire(case, now=NOW + timedelta(hours=1))
    assert "CaseExpired" not in _types(case)


def test_a_decided_case_never_expires(case: str) -> None:
    cases.record_facts(case, [d.DecisionReached(outcome="approve", state="final")], now=NOW)
    cases.expire(case, now=NOW + timedelta(hours=1))
    assert Case.objects.get(pk=case).status == "decided"


def test_a_case_that_expired_takes_nothing_more_though_a_late_decision_comes(case: str) -> None:
    cases.expire(case, now=NOW + timedelta(hours=1))
    cases.record_facts(case, [d.DecisionReached(outcome="approve", state="final")], now=NOW)
    with pytest.raises(Refused, match="not_accepting"):
        cases.draw_challenge(case, now=NOW)
    with pytest.raises(Refused, match="not_accepting"):
        cases.submit(case, by="client", now=NOW)
    with pytest.raises(Refused, match="conflict"):
        cases.withdraw(case, by="client", now=NOW)


@pytest.mark.parametrize("command", [cases.submit, cases.request_review])
def test_nothing_more_happens_in_a_withdrawn_case(case: str, command: type) -> None:
    cases.withdraw(case, by="client", now=NOW)
    cases.withdraw(case, by="client", now=NOW)
    assert Case.objects.get(pk=case).status == "withdrawn"
    with pytest.raises(Refused, match="not_accepting"):
        command(case, by="client", now=NOW)
    with pytest.raises(Refused, match="not_accepting"):
        cases.draw_challenge(case, now=NOW)
    with pytest.raises(Refused, match="not_accepting"):
        cases.issue_capture(case, now=NOW)


def test_an_expired_case_cannot_be_withdrawn(case: str) -> None:
    cases.expire(case, now=NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="conflict"):
        cases.withdraw(case, by="client", now=NOW)


def test_a_review_is_asked_for_once(case: str) -> None:
    cases.request_review(case, by="applicant", now=NOW)
    cases.request_review(case, by="client", now=NOW)
    assert _types(case).count("ReviewRequested") == 1


def test_a_code_is_exchanged_once_for_a_token_of_its_case(opened: Opened) -> None:
    case, grant = cases.exchange_code(opened.grant.code, now=LATER)
    assert case == opened.id
    assert authenticate(f"Bearer {grant.token}", now=LATER).case == case
    with pytest.raises(Unauthorised):
        cases.exchange_code(opened.grant.code, now=LATER)


def test_a_fresh_capture_ends_the_older_tokens_of_the_case(opened: Opened) -> None:
    fresh = cases.issue_capture(opened.id, now=LATER)
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {opened.grant.token}", now=LATER)
    assert authenticate(f"Bearer {fresh.token}", now=LATER).case == opened.id


def test_every_kind_of_fact_is_kept_where_it_can_be_read(case: str) -> None:
    at = "01990000-0000-7000-8000-000000000001"
    facts = [
        v.DocumentClassified(evidence_id=at, document_type="passport"),
        v.FieldsRead(evidence_id=at, fields=[v.Field(name="family_name", value=b"Ada")]),
        v.MachineZoneRead(evidence_id=at, lines=b"P<UTO", fields=[v.Field(name="sex", value=b"F")]),
        v.PortraitFound(evidence_id=at, found=True),
        v.FaceTrackRead(evidence_id=at, seen=False),
        v.AgeEstablished(evidence_id=at, over_minimum="yes"),
    ]
    cases.record_facts(case, facts, now=NOW)
    kept = dict(Fact.objects.filter(case=case).exclude(evidence="").values_list("name", "text"))
    assert kept["document_type"] == "passport"
    assert (kept["portrait_found"], kept["face_seen"]) == ("yes", "no")
    assert {"field.family_name", "mrz", "mrz.sex", "age_over_minimum"} < kept.keys()


def test_decisions_reached_expired_and_corrected_are_kept(case: str) -> None:
    said = [
        d.DecisionReached(outcome="approve", state="provisional", missing=["tamper"]),
        d.DecisionExpired(outcome="approve", decision_id="x"),
        d.DecisionCorrected(outcome="refer", decision_id="x"),
    ]
    drafts = [Draft(message=m, subject=case, client="c", source="decisions") for m in said]
    journal.record(drafts, now=NOW)
    assert Case.objects.get(pk=case).status == "in_review"


def test_facts_of_a_case_that_is_not_there_are_refused(asker: Principal) -> None:
    with pytest.raises(Refused, match="not_found"):
        cases.record_facts("nowhere", [], now=NOW)
