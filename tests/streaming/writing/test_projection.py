"""What happened inside is said in public words that stay the same when internal fields are renamed."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path

import pytest
from google.protobuf.message import Message

from protocol.case_state import CaseState, advance
from protocol.catalogue import STREAMS
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from streaming.words import CaseContext, PublicRecord, encode
from streaming.writing.projection import SILENT, STATUS_ONLY, project, status_record
from tests.protocol.test_case_state import event
from tests.streaming import told

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "records.json").read_text())
CONTEXT = CaseContext(case="c", client="cl_1", applicant="a", reference="order-1", live=True)

SAID: dict[str, Message] = {
    "evidence accepted": told.received(evidence=told.EVIDENCE),
    "evidence refused": verification.EvidenceRefused(evidence_kind="face_video", code="too_short"),
    "document type": told.classified(),
    "field": told.fields(("family_name", "LOVELACE")),
    "zone": told.zone(right=False),
    "portrait": told.portrait(),
    "face": verification.FaceTrackRead(evidence_id=told.EVIDENCE, seen=True),
    "age": told.age(),
    "check": told.completed(),
    "waiting": told.waiting(),
    "provisional": told.reached(state="provisional", because=("e1", "e2", "unknown"), missing=("tamper",)),
    "final": told.reached(because=("e2", "e1")),
    "expired": decisions.DecisionExpired(
        decision_id="e1", policy=told.policy(), outcome="approve", missing=["register"]
    ),
    "corrected": decisions.DecisionCorrected(
        decision_id="e1", outcome="refer", policy=told.policy(), because=["e2"]
    ),
    "person refers": told.concluded("refer"),
    "person approves": told.concluded(),
    "person corrects": told.concluded("decline", reasons=("printed_copy", "blurred"), corrects="e1"),
}
NUMBERS = {"e1": 7, "e2": 9}


def records_of(message: Message, context: CaseContext = CONTEXT) -> list[PublicRecord]:
    return project(message, context, CaseState(), NUMBERS.get)[0]


@pytest.mark.parametrize("name", SAID)
def test_each_event_says_the_same_public_bytes_as_ever(name: str) -> None:
    said = [
        {"kind": r.kind, "final": r.final, "data": dict(r.data), "personal": [p.path for p in r.personal]}
        for r in records_of(SAID[name])
    ]
    assert [encode(record).decode() for record in said] == [
        encode(record).decode() for record in GOLDEN[name]
    ]


def test_every_event_makes_a_record_or_is_named_as_silent() -> None:
    followed = {m for s in STREAMS for m in s.messages if "streaming" in s.consumers}
    speaking = {type(message) for message in SAID.values()}
    assert speaking | STATUS_ONLY | SILENT == followed
    assert not speaking & (STATUS_ONLY | SILENT)


def test_a_silent_event_makes_no_record_of_its_own() -> None:
    assert not any(records_of(message()) for message in SILENT | STATUS_ONLY)


def test_no_personal_value_is_in_the_public_part_of_a_record() -> None:
    public = b"".join(encode(dict(r.data)) for message in SAID.values() for r in records_of(message))
    assert b"LOVELACE" not in public
    assert b"P<GBR" not in public


@pytest.mark.parametrize(
    "message",
    [
        verification.DocumentClassified(unavailable="no_document"),
        verification.PortraitFound(unavailable="unreadable"),
        verification.FaceTrackRead(unavailable="step_failed"),
        verification.MachineZoneRead(unavailable="unreadable", format="TD3"),
        verification.MachineZoneRead(),
    ],
)
def test_a_step_that_could_not_answer_tells_no_fact(message: Message) -> None:
    assert records_of(message) == []


def test_what_a_policy_says_without_knowing_of_a_persons_decision_is_not_told() -> None:
    state = advance(CaseState(), event(told.concluded("decline"), 1))
    for message in (told.reached(), told.corrected("e1", "approve"), SAID["expired"]):
        after = advance(state, event(message, 2))
        assert project(message, CONTEXT, after, NUMBERS.get) == ([], CONTEXT)


def test_a_policys_correction_of_a_persons_decision_is_told() -> None:
    concluded = event(told.concluded(), 1)
    message = told.corrected(str(concluded.envelope.id))
    state = reduce(advance, (concluded, event(message, 2)), CaseState())
    (record,) = project(message, CONTEXT, state, {str(concluded.envelope.id): 7}.get)[0]
    assert (record.data["outcome"], record.data["by"], record.data["corrects"]) == ("refer", "policy", 7)


def test_a_field_that_print_and_zone_both_say_is_told_once_a_picture() -> None:
    _, after = project(told.fields(("family_name", "X"), ("sex", "F")), CONTEXT, CaseState(), NUMBERS.get)
    assert [r.data["fact"] for r in records_of(told.zone(), after)] == ["mrz"]
    assert len(records_of(told.zone(evidence="another"), after)) == 2


def test_fields_of_a_zone_with_a_wrong_digit_are_not_told() -> None:
    assert [r.data["fact"] for r in records_of(told.zone(right=False))] == ["mrz"]


def test_an_answer_on_replaced_evidence_is_not_the_last_word() -> None:
    newer = CaseState()
    record = project(told.completed(evidence_keyseq=0), CONTEXT, newer, NUMBERS.get)[0][0]
    assert record.final
    assert not records_of(told.completed(final=False))[0].final


@pytest.mark.parametrize(("status", "final"), [("open", False), ("in_review", False), ("decided", True)])
def test_a_status_is_final_when_no_other_is_expected(status: str, final: bool) -> None:
    assert status_record(status).final is final
