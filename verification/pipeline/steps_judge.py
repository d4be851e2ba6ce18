"""The steps that judge facts against facts; they look at no pixels."""

from __future__ import annotations

from protocol.checks import Check
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.judges import age, comparison, consistency, document, quality
from verification.pipeline.step import Step

__all__ = ["STEPS"]

_READ = (v.FieldsRead, v.MachineZoneRead)
_READ_NEEDS = ("opened", "fields:front", "zone:front")

STEPS: tuple[Step, ...] = (
    Step(
        name="quality",
        hears=(v.PictureGraded,),
        says=(v.CheckCompleted,),
        answers=Check.QUALITY,
        needs=("graded:front",),
        also=("graded:back",),
        tell=quality.judge,
    ),
    Step(
        name="document",
        hears=(v.DocumentClassified, v.PictureGraded, *_READ),
        says=(v.CheckCompleted,),
        answers=Check.DOCUMENT,
        needs=("classified:front", "graded:front", "fields:front", "zone:front"),
        also=("classified:back",),
        tell=document.judge,
    ),
    Step(
        name="consistency",
        hears=(v.CaseOpened, *_READ),
        says=(v.CheckCompleted,),
        answers=Check.CONSISTENCY,
        needs=_READ_NEEDS,
        tell=consistency.judge,
    ),
    Step(
        name="comparison",
        hears=(v.CaseOpened, *_READ),
        says=(v.CheckCompleted,),
        answers=Check.COMPARISON,
        needs=_READ_NEEDS,
        tell=comparison.judge,
    ),
    Step(
        name="age",
        hears=(v.CaseOpened, *_READ),
        says=(v.AgeEstablished, v.CheckCompleted),
        answers=Check.AGE,
        needs=_READ_NEEDS,
        tell=age.judge,
    ),
)
