"""Steps gone through again on what they knew then: what they would say now, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from events import journal
from events.guard import only_reading
from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.otherwise import line_of
from protocol.schemas import verification_v1_pb2 as v
from tests.pipeline.building import NOW
from tests.verification.rescoring.past import (
    DARK,
    LIGHT,
    LOOK,
    READ,
    Past,
    broken,
    differing,
    everything,
    gone_through,
    stricter,
)
from verification.pipeline.facts import Facts
from verification.pipeline.holding import held
from verification.pipeline.step import Step

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def evidence(settings: Settings, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def past() -> Past:
    """Two cases, one with a light picture and one with a dark one."""
    past = Past([LOOK, READ])
    past.receive("light", LIGHT)
    past.receive("dark", DARK)
    return past


@pytest.mark.usefixtures("past")
def test_steps_that_have_not_changed_would_say_the_same() -> None:
    found = gone_through([LOOK, READ])

    assert {case: len(answers.answers) for case, answers in found.items()} == {"light": 2, "dark": 2}
    assert not any(answers.differs for answers in found.values())


@pytest.mark.usefixtures("past")
def test_a_step_that_has_changed_differs_where_it_would_and_nowhere_else() -> None:
    found = gone_through([stricter()])

    assert list(differing(found["light"])) == ["look: document_type"]
    assert not found["dark"].differs


@pytest.mark.usefixtures("past")
def test_what_a_step_would_say_is_what_the_steps_after_it_hear() -> None:
    found = gone_through([stricter(), READ])

    changed = found["light"].answers[1]
    assert isinstance(changed.was, v.CheckCompleted)
    assert isinstance(changed.would_be, v.CheckCompleted)
    assert (changed.was.status, changed.would_be.status) == ("clear", "caution")
    assert [reason.code for reason in changed.would_be.reasons] == ["unknown_document"]


@pytest.mark.usefixtures("past")
def test_a_step_alone_hears_what_it_was_told() -> None:
    assert not gone_through([READ])["light"].differs


def test_a_step_acts_on_what_it_knew_then_and_as_often_as_it_did(past: Past) -> None:
    past.receive("light", DARK)

    found = gone_through([LOOK, READ])["light"]

    statuses = [said.status for answer in found.answers if isinstance(said := answer.was, v.CheckCompleted)]
    assert statuses == ["clear", "caution"]
    assert not found.differs


def test_what_came_after_the_window_is_not_looked_at(past: Past) -> None:
    through = journal.head().position
    past.receive("light", DARK)

    assert len(gone_through([LOOK], through=through)["light"].answers) == 1


def test_an_answer_that_nobody_gave_is_told_as_none() -> None:
    Past([LOOK]).receive("light", LIGHT)

    (unsaid,) = gone_through([READ])["light"].answers

    assert (unsaid.event_id, unsaid.was) == (None, None)
    assert unsaid.would_be is not None


@pytest.mark.usefixtures("past")
def test_nothing_is_written_wherever_a_step_would_keep_something() -> None:
    before = everything()

    with only_reading():
        found = gone_through([stricter(), READ])

    assert found["light"].differs
    assert everything() == before


def test_a_withdrawn_case_is_left_out(past: Past) -> None:
    past.say("light", v.CaseWithdrawn(by="applicant"))

    found = gone_through([stricter()])

    assert (found["light"].left_out, found["light"].answers) == ("withdrawn", ())
    assert not found["dark"].left_out


def test_who_has_taken_the_ground_away_is_left_out(past: Past) -> None:
    past.say("dark", v.BiometricBasisWithdrawn())

    assert gone_through([LOOK])["dark"].left_out == "withdrawn"


@pytest.mark.usefixtures("past")
def test_an_erased_applicant_is_left_out() -> None:
    destroy_key("applicant of light", PersonalClass.IDENTITY, now=NOW)

    found = gone_through([LOOK])

    assert found["light"].left_out == "erased"
    assert not found["dark"].left_out


@pytest.mark.usefixtures("past")
def test_a_step_that_needs_a_key_which_nobody_made_makes_none() -> None:
    def face(known: Facts) -> object:
        event = known.events["evidence:front"]
        return held(
            event, known.of("evidence:front", v.EvidenceReceived).evidence_id, PersonalClass.BIOMETRIC
        )

    with only_reading():
        found = gone_through([replace(LOOK, prepare=face)])  # type: ignore[arg-type]  # it gives no look at all

    assert found["light"].left_out == "a step would write"


@pytest.mark.usefixtures("past")
def test_work_that_breaks_is_told_and_is_no_difference() -> None:
    (answer,) = gone_through([broken()])["light"].answers

    assert (answer.failed, answer.differs) == ("ValueError", ())


def _reading(value: bytes) -> Step:
    def tell(known: Facts, _found: object, _now: object) -> list[v.FieldsRead]:
        page = known.of("page:front", v.PageRectified)
        field = v.Field(name="family_name", value=value, confidence_01=0.9)
        return [v.FieldsRead(evidence_id=page.evidence_id, evidence_kind="document_front", fields=[field])]

    return Step(
        name="fields", hears=(v.PageRectified,), says=(v.FieldsRead,), needs=("page:front",), tell=tell
    )


def test_a_personal_value_that_would_be_otherwise_is_named_and_never_shown() -> None:
    past = Past([_reading(b"HOLLOWAY")])
    evidence = past.receive("light", LIGHT)
    past.say(
        "light", v.PageRectified(evidence_id=evidence, evidence_kind="document_front", evidence_keyseq=1)
    )

    same, other = (gone_through([_reading(value)])["light"] for value in (b"HOLLOWAY", b"HALLOWAY"))

    assert not same.differs
    assert list(differing(other)) == ["fields: fields[family_name].value"]
    assert "LLOWAY" not in line_of(other)
    assert b"LLOWAY" not in b"".join(a.was.SerializeToString() for a in other.answers if a.was)
