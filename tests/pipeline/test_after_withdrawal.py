"""Steps that come to a face whose key was destroyed: each says so, and the case goes on."""

from __future__ import annotations

import pytest

from config.pipeline import STEPS
from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.schemas import verification_v1_pb2 as v
from tests.pipeline.building import EVIDENCE, NOW, facts_of
from tests.pipeline.running import Turns
from verification.pipeline.looks_document import TamperGiven
from verification.pipeline.step import Look, as_subscriber

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def step(name: str) -> Turns:
    (found,) = (step for step in STEPS if step.name == name)
    return Turns(as_subscriber(found))


def page() -> v.PageRectified:
    return v.PageRectified(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind="document_front",
        document_type="passport",
        corners_px=[0.0] * 8,
    )


@pytest.fixture(autouse=True)
def withdrawn() -> None:
    destroy_key("applicant-1", PersonalClass.BIOMETRIC, now=NOW)


def test_a_portrait_that_may_not_be_kept_any_more_is_unavailable() -> None:
    case = step("portrait")

    case.say(page())

    (told,) = case.told(v.PortraitFound)
    assert told.unavailable == "no_biometric_basis"


def test_a_clip_that_waits_while_the_basis_is_withdrawn_ends_without_a_basis() -> None:
    case = step("face_track")

    case.say(
        v.BiometricBasisRecorded(basis="consent"),
        v.EvidenceReceived(evidence_id=EVIDENCE, evidence_kind="face_video", size=1),
        v.BiometricBasisWithdrawn(),
    )

    assert case.check().reasons[0].code == "no_biometric_basis"


def test_faces_whose_templates_cannot_be_opened_are_not_compared() -> None:
    case = step("face_match")

    case.say(
        v.PortraitFound(
            evidence_id=EVIDENCE,
            evidence_keyseq=7,
            evidence_kind="document_front",
            found=True,
            template_id=EVIDENCE,
        ),
        v.FaceTrackRead(
            evidence_id=EVIDENCE,
            evidence_keyseq=8,
            evidence_kind="face_video",
            seen=True,
            template_id=EVIDENCE,
            frame_ids=[EVIDENCE],
        ),
    )

    assert case.check().reasons[0].code == "no_biometric_basis"


def test_a_document_is_judged_for_tampering_without_the_embedding_that_is_gone() -> None:
    (tamper,) = (step for step in STEPS if step.name == "tamper")
    portrait = v.PortraitFound(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind="document_front",
        found=True,
        template_id=EVIDENCE,
    )

    look = tamper.prepare and tamper.prepare(facts_of(page(), portrait))

    assert isinstance(look, Look)
    assert isinstance(look.given, TamperGiven)
    assert look.given.template is None
