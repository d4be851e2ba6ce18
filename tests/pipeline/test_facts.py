"""What a step knows of a case, and which event gives it reason to act."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from events import journal
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Subscriber
from tests.pipeline.building import NOW, fields, opened
from tests.pipeline.running import CASE, Turns
from verification.pipeline.facts import Facts, name_of
from verification.pipeline.step import Step, as_subscriber

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def front(keyseq: int, unavailable: str = "") -> v.PageRectified:
    return v.PageRectified(
        evidence_id=f"e{keyseq}",
        evidence_keyseq=keyseq,
        evidence_kind="document_front",
        unavailable=unavailable,
    )


def read(keyseq: int) -> v.FieldsRead:
    message = fields({"family_name": "A"})
    message.evidence_keyseq = keyseq
    return message


def joining(acted: list[tuple[int, int]]) -> Turns:
    """Run a step that joins page and fields, and notes on which evidence it acted."""

    def tell(known: Facts, _found: object, _now: object) -> list[Message]:
        page, text = known.of("page:front", v.PageRectified), known.of("fields:front", v.FieldsRead)
        acted.append((page.evidence_keyseq, text.evidence_keyseq))
        return []

    step = Step(
        name="join",
        hears=(v.PageRectified, v.FieldsRead, v.BiometricBasisRecorded, v.BiometricBasisWithdrawn),
        says=(),
        needs=("page:front", "fields:front"),
        also=("basis",),
        tell=tell,
    )
    return Turns(as_subscriber(step))


def test_a_step_acts_when_the_last_fact_it_needs_is_known() -> None:
    acted: list[tuple[int, int]] = []
    case = joining(acted)

    case.say(front(5))
    assert acted == []
    case.say(read(5))

    assert acted == [(5, 5)]


def test_facts_on_replaced_evidence_are_never_joined_with_newer_ones() -> None:
    acted: list[tuple[int, int]] = []
    case = joining(acted)

    case.say(front(5), read(5), front(9))
    assert acted == [(5, 5)]
    case.say(read(9))

    assert acted == [(5, 5), (9, 9)]


def test_a_fact_that_a_newer_one_has_overtaken_gives_no_reason_to_act() -> None:
    acted: list[tuple[int, int]] = []
    case = joining(acted)

    case.say(front(9), read(9), read(5))

    assert acted == [(9, 9)]


def test_a_basis_recorded_late_gives_reason_to_look_again() -> None:
    acted: list[tuple[int, int]] = []
    case = joining(acted)

    case.say(front(5), read(5), v.BiometricBasisRecorded(basis="consent"))

    assert acted == [(5, 5), (5, 5)]


def test_a_basis_that_is_withdrawn_undoes_no_answer() -> None:
    acted: list[tuple[int, int]] = []
    case = joining(acted)

    case.say(front(5), read(5), v.BiometricBasisWithdrawn())

    assert acted == [(5, 5)]


def test_asking_for_a_fact_that_was_not_declared_names_it() -> None:
    with pytest.raises(LookupError, match="page:front"):
        Facts({}).of("page:front", v.PageRectified)


def test_each_challenge_is_a_fact_of_its_own() -> None:
    drafts = [
        journal.Draft(message=v.ChallengeDrawn(challenge_id=i), subject=CASE, client="cl_1") for i in "ab"
    ]

    names = [name_of(event) for event in journal.record(drafts, now=NOW)]

    assert names == ["challenge:a", "challenge:b"]


def test_a_personal_fact_reaches_a_step_sealed() -> None:
    seen: list[Event] = []

    def apply(event: Event, _value: object, ctx: Context) -> None:
        seen.append(event)
        del ctx

    case = Turns(Subscriber("sealed", ("verification.case",), (Handler((v.CaseOpened,), apply),)))
    case.say(opened(family_name="HOLLOWAY"))

    message = seen[0].message
    assert isinstance(message, v.CaseOpened)
    assert b"HOLLOWAY" not in message.claimed.family_name
