"""Is the holder over the case's minimum age: yes, no or unknown, never a guess."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from google.protobuf.message import Message

from protocol.checks import Check, Grade
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.answers import Answer, clear, part, unavailable
from verification.pipeline.facts import Facts
from verification.pipeline.judges.values import as_date, values

__all__ = ["judge", "over"]


def judge(facts: Facts, _found: object, now: datetime) -> list[Message]:
    """Establish the age from the birth date that was read, on today's date in the client's time zone."""
    opened, read = facts.of("opened", v.CaseOpened), values(facts)
    evidence = read.evidence
    if not opened.minimum_age:
        answer = Answer(check=Check.AGE, parts=(), evidence=(evidence,), not_applicable=True)
        return [answer.completed(facts, now)]
    today = now.astimezone(ZoneInfo(opened.time_zone or "UTC")).date()
    born = as_date(read.get("date_of_birth"))
    known = "unknown" if born is None or born > today else over(born, opened.minimum_age, today)
    grades = {
        "yes": clear("minimum_age"),
        "no": part("minimum_age", Grade.REJECTED, "under_age", evidence=evidence, fields=("date_of_birth",)),
        "unknown": unavailable("minimum_age", read.unavailable or "unreadable", evidence=evidence),
    }
    answer = Answer(check=Check.AGE, parts=(grades[known],), evidence=(evidence,), model="age-1")
    partial = v.AgeEstablished(
        evidence_id=evidence, evidence_keyseq=facts.evidence_keyseq, over_minimum=known
    )
    return [partial, answer.completed(facts, now)]


def over(born: date, years: int, today: date) -> str:
    """Tell whether somebody has completed so many years: "yes" or "no".

    Who was born on 29 February completes a year on 1 March where the year has no 29 February.
    """
    try:
        reached = born.replace(year=born.year + years)
    except ValueError:
        reached = date(born.year + years, 3, 1)
    return "yes" if today >= reached else "no"
