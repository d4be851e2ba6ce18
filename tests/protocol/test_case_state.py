"""The case is a function of the set of its facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from protocol.case_state import CaseState, advance, dump, load
from protocol.catalogue import stream_of, type_name
from protocol.checks import CHECKS, Check
from protocol.envelope import Envelope, Event
from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from protocol.schemas.journal_v1_pb2 import Record

START = datetime(2026, 1, 2, tzinfo=UTC)


def event(message: Message, keyseq: int) -> Event:
    moment_us = to_us(START + timedelta(seconds=keyseq))
    name = type_name(message)
    record = Record(
        id=UUID(int=keyseq).bytes,
        type=name,
        source="verification",
        subject="case",
        client="cl_0000000000000001",
        occurred_at_us=moment_us,
        recorded_at_us=moment_us,
        sequenced_at_us=moment_us,
        stream=stream_of(name).name,
        partition_key="case",
        keyseq=keyseq,
    )
    return Event(Envelope(record), message)


def fold(*messages: Message) -> CaseState:
    state = CaseState()
    for keyseq, message in enumerate(messages, start=1):
        state = advance(state, event(message, keyseq))
    return state


def opened(policy: str = "full") -> verification.CaseOpened:
    return verification.CaseOpened(reference="r", live=True, policy_name=policy, minimum_age=18)


def received(kind: str = "document_front") -> verification.EvidenceReceived:
    return verification.EvidenceReceived(evidence_id="e", evidence_kind=kind)


def completed(
    check: str, evidence_keyseq: int, status: str = "clear", *, final: bool = True
) -> verification.CheckCompleted:
    return verification.CheckCompleted(
        check=check, status=status, evidence_keyseq=evidence_keyseq, final=final
    )


def waiting(evidence_keyseq: int) -> verification.WaitingBegan:
    return verification.WaitingBegan(check="register", evidence_keyseq=evidence_keyseq, until_us=900)


def reached(outcome: str, state: str, *missing: str) -> decisions.DecisionReached:
    return decisions.DecisionReached(outcome=outcome, state=state, missing=missing)


def concluded(outcome: str = "approve", corrects: str = "", *reasons: str) -> verification.ReviewConcluded:
    return verification.ReviewConcluded(by="client", outcome=outcome, corrects=corrects, reasons=reasons)


def correcting(keyseq: int, outcome: str = "refer") -> decisions.DecisionCorrected:
    """Correct the decision of that keyseq."""
    return decisions.DecisionCorrected(outcome=outcome, decision_id=str(UUID(int=keyseq)))


def all_nine() -> list[Message]:
    return [completed(check, 3) for check in CHECKS]


messages = st.one_of(
    st.builds(opened, st.sampled_from(["full", "none"])),
    st.builds(received, st.sampled_from(["document_front", "document_back", "face_video", "face_photo"])),
    st.builds(
        completed,
        st.sampled_from(list(CHECKS)),
        st.integers(0, 12),
        st.sampled_from(["clear", "unavailable"]),
        final=st.booleans(),
    ),
    st.builds(waiting, st.integers(1, 12)),
    st.builds(
        reached, st.sampled_from(["approve", "refer", "decline"]), st.sampled_from(["provisional", "final"])
    ),
    st.builds(decisions.DecisionExpired, outcome=st.just("approve"), missing=st.just(["register"])),
    st.builds(decisions.DecisionCorrected, outcome=st.sampled_from(["refer", "approve"])),
    st.builds(correcting, st.integers(1, 14)),
    st.builds(
        concluded,
        st.sampled_from(["approve", "refer", "decline"]),
        st.sampled_from(["", str(UUID(int=1)), str(UUID(int=4))]),
        st.sampled_from(["blurred", "glare"]),
    ),
    st.sampled_from([verification.ReviewRequested(by="client"), verification.CaseSubmitted()]),
    st.sampled_from([verification.CaseWithdrawn(), verification.CaseExpired()]),
)
histories = st.lists(messages, max_size=14).map(
    lambda said: [event(message, keyseq) for keyseq, message in enumerate(said, start=1)]
)


@given(histories, st.data())
def test_shuffled_and_doubled_facts_give_the_same_state(history: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=6) if history else st.just([]))
    shuffled = data.draw(st.permutations(history + again))
    in_order, mixed = CaseState(), CaseState()
    for known in history:
        in_order = advance(in_order, known)
    for known in shuffled:
        mixed = advance(mixed, known)
    assert dump(mixed) == dump(in_order)
    assert mixed.status == in_order.status


@given(histories)
def test_a_stored_state_reads_back_as_it_was(history: list[Event]) -> None:
    state = CaseState()
    for known in history:
        state = advance(state, known)
    assert load(dump(state)) == state


def test_a_case_is_open_until_its_first_evidence() -> None:
    assert fold(opened()).status == "open"
    assert fold(opened(), received()).status == "checking"


def test_a_newer_front_reopens_the_checks_that_look_at_it() -> None:
    state = fold(opened(), received(), completed("document", 2), received(), completed("tamper", 2))
    assert state.checks == {}
    assert fold(opened(), received(), completed("document", 2)).checks.keys() == {Check.DOCUMENT}


def test_a_new_face_leaves_the_answers_on_the_document_alone() -> None:
    state = fold(opened(), received(), completed("document", 2), received("face_photo"))
    assert state.checks.keys() == {Check.DOCUMENT}


def test_a_missing_answer_counts_only_while_its_evidence_is_missing() -> None:
    missing = completed("face_match", 0, "unavailable")
    assert Check.FACE_MATCH in fold(opened(), received(), missing).checks
    assert Check.FACE_MATCH not in fold(opened(), received(), missing, received("face_video")).checks


def test_a_real_answer_replaces_a_deadline_whichever_came_first() -> None:
    real = completed("liveness", 2, "clear")
    late = completed("liveness", 2, "unavailable", final=False)
    assert fold(opened(), received("face_video"), real, late).checks[Check.LIVENESS].status == "clear"
    assert fold(opened(), received("face_video"), late, real).checks[Check.LIVENESS].status == "clear"


def test_a_case_without_a_policy_is_checked_when_all_nine_ended() -> None:
    given_all = [received(), received("face_video"), *all_nine()]
    assert fold(opened("none"), *given_all).status == "checked"
    assert fold(opened("none"), *given_all[:-1]).missing == (Check.REGISTER,)
    assert fold(opened("full"), *given_all).status == "checking"


def test_a_provisional_approval_does_not_end_checking() -> None:
    state = fold(opened(), received(), reached("approve", "provisional", "tamper"))
    assert state.status == "checking"
    assert state.settled_at_us == 0


def test_a_final_decision_decides_and_a_correction_to_refer_opens_a_review() -> None:
    final = [opened(), received(), reached("approve", "final")]
    corrected = decisions.DecisionCorrected(outcome="refer")
    assert fold(*final).status == "decided"
    assert fold(*final, corrected).status == "in_review"


def test_a_refer_opens_a_review_only_once_it_is_settled() -> None:
    assert fold(opened(), received(), reached("refer", "provisional", "liveness")).status == "checking"
    assert fold(opened(), received(), reached("refer", "provisional")).status == "in_review"


def test_a_case_expires_only_when_it_was_never_submitted() -> None:
    expired = verification.CaseExpired()
    assert fold(opened(), expired).status == "expired"
    assert fold(opened(), received(), verification.CaseSubmitted(), expired).status == "checking"
    assert fold(opened(), received(), reached("approve", "final"), expired).status == "decided"


def test_a_withdrawn_case_stays_withdrawn_whatever_is_found_later() -> None:
    state = fold(opened(), received(), verification.CaseWithdrawn(), reached("approve", "final"))
    assert state.status == "withdrawn"


def test_the_first_settled_decision_starts_the_end_of_reading() -> None:
    state = fold(opened(), received(), reached("approve", "final"), reached("decline", "final"))
    assert state.settled_at_us == int((START + timedelta(seconds=3)).timestamp()) * 1_000_000


FINAL = [opened(), received(), reached("decline", "final")]


def test_a_persons_decision_stands_beside_whatever_a_policy_says_without_knowing_of_it() -> None:
    state = fold(*FINAL, concluded("approve", str(UUID(int=3))), reached("decline", "final"), correcting(3))
    assert state.status == "decided"
    assert state.decision is not None
    assert (state.decision.outcome, state.decision.state, state.decision.by) == (
        "approve",
        "corrected",
        "reviewer",
    )


def test_a_correction_that_names_a_persons_decision_opens_the_case_again() -> None:
    state = fold(*FINAL, concluded("approve"), correcting(4))
    assert state.status == "in_review"
    assert state.decision is not None
    assert state.decision.by == "policy"


def test_a_person_decides_again_what_was_corrected() -> None:
    assert fold(*FINAL, concluded("approve"), correcting(4), concluded("decline")).status == "decided"


def test_a_persons_refer_leaves_the_case_to_another_one() -> None:
    assert fold(opened(), received(), concluded("refer")).status == "in_review"
    assert fold(*FINAL, concluded("refer", str(UUID(int=3)))).status == "in_review"


def test_a_case_without_a_policy_is_decided_by_a_person_alone() -> None:
    assert fold(opened("none"), received(), concluded("approve")).status == "decided"
    assert fold(opened("none"), *all_nine(), concluded("decline")).status == "decided"


def test_a_contested_decision_is_in_review_until_a_person_decides() -> None:
    contested = [*FINAL, verification.ReviewRequested(by="applicant")]
    assert fold(*contested).status == "in_review"
    assert fold(*contested, concluded("decline")).status == "decided"
    assert fold(*contested, concluded("decline"), verification.ReviewRequested()).status == "in_review"


def test_a_person_asked_for_early_has_a_turn_when_nothing_runs_any_more() -> None:
    asked = [opened(), received(), verification.ReviewRequested()]
    assert fold(*asked).status == "checking"
    assert fold(*asked, reached("approve", "provisional", "tamper")).status == "checking"
    assert fold(*asked, reached("approve", "final")).status == "in_review"
    assert fold(opened(), verification.ReviewRequested(), received("face_video"), *all_nine()).status == (
        "in_review"
    )


def test_a_withdrawn_case_is_not_in_review() -> None:
    assert fold(*FINAL, verification.ReviewRequested(), verification.CaseWithdrawn()).status == "withdrawn"


def test_the_first_settled_decision_may_be_a_persons() -> None:
    state = fold(opened(), received(), concluded("refer"), reached("decline", "final"))
    assert state.settled_at_us == int((START + timedelta(seconds=3)).timestamp()) * 1_000_000


def test_a_state_of_before_people_decided_is_still_read() -> None:
    state = fold(*FINAL)
    old = json.loads(dump(state))
    old["decision"] = old.pop("by_policy")
    for later in ("by_reviewer", "overruled", "review_asked_keyseq"):
        del old[later]
    for later in ("by", "corrects", "reasons"):
        del old["decision"][later]
    assert load(json.dumps(old).encode()) == state


def test_a_check_that_waits_by_a_dial_has_not_ended_and_the_case_waits() -> None:
    state = fold(opened("none"), received(), waiting(2), *all_nine()[:-1])

    assert (state.status, state.missing) == ("waiting", (Check.REGISTER,))
    assert {check: wait.until_us for check, wait in state.waiting.items()} == {Check.REGISTER: 900}


def test_a_waiting_undoes_what_was_given_up_before_it_and_ends_with_the_next_answer() -> None:
    given_up = completed("register", 2, "unavailable", final=False)
    state = fold(opened(), received(), given_up, waiting(2))

    assert (state.status, state.checks) == ("waiting", {})
    ended = fold(opened(), received(), given_up, waiting(2), given_up)
    assert (ended.status, set(ended.checks)) == ("checking", {Check.REGISTER})
    assert ended.waiting == {}
    assert ended.waited.keys() == {Check.REGISTER}


def test_a_waiting_does_not_undo_a_real_answer() -> None:
    state = fold(opened(), received(), completed("register", 2), waiting(2))

    assert state.checks[Check.REGISTER].status == "clear"
    assert state.status == "checking"


def test_a_newer_front_is_not_waited_for_until_that_is_said() -> None:
    assert fold(opened(), received(), waiting(2), received()).status == "checking"
    assert fold(opened(), received(), waiting(2), received(), waiting(4)).status == "waiting"


def test_a_provisional_approval_does_not_end_waiting_and_an_unsettled_refer_does_not_either() -> None:
    for outcome in ("approve", "refer"):
        said = reached(outcome, "provisional", "register")
        assert fold(opened(), received(), waiting(2), said).status == "waiting"


def test_a_state_that_was_kept_before_checks_could_wait_is_read_as_one_that_does_not() -> None:
    kept = json.loads(dump(fold(opened(), received())))
    del kept["waits"]

    assert load(json.dumps(kept).encode()) == fold(opened(), received())
