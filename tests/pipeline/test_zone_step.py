"""The step that reads a machine-readable zone: what it is given to tell the century of a birth by."""

from __future__ import annotations

import pytest

from config.pipeline import STEPS
from protocol.schemas import verification_v1_pb2 as v
from tests.pipeline.building import EVIDENCE, NOW, facts_of
from verification.pipeline.looks_document import ZoneWanted
from verification.pipeline.step import Look

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def test_a_zone_is_read_knowing_the_day_by_which_its_holder_was_born() -> None:
    (step,) = (step for step in STEPS if step.name == "read_zone")
    page = v.PageRectified(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind="document_front",
        document_type="passport",
        corners_px=[0.0] * 8,
    )

    look = step.prepare and step.prepare(facts_of(page))

    assert isinstance(look, Look)
    assert isinstance(look.given, ZoneWanted)
    assert look.given.born_by == NOW.date()
