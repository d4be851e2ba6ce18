"""Does the document agree with itself: check digits, the driver number's rule, its dates, its expiry?"""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from protocol.checks import Check, Grade
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.answers import Answer, clear, part, unavailable
from verification.pipeline.facts import Facts
from verification.pipeline.judges.values import Values, as_date, values
from verification.vision import driver_number

__all__ = ["judge"]


def judge(facts: Facts, _found: object, now: datetime) -> list[v.CheckCompleted]:
    """Grade the front against itself; the day is counted in the client's time zone."""
    read = values(facts)
    zone = ZoneInfo(facts.of("opened", v.CaseOpened).time_zone or "UTC")
    if read.document_type == "unknown":
        answer = Answer(check=Check.CONSISTENCY, parts=(), evidence=(read.evidence,), not_applicable=True)
        return [answer.completed(facts, now)]
    if read.unavailable:
        # A zone whose digits are wrong gives no fields, and is itself what there is to say.
        parts: tuple[v.Breakdown, ...] = (
            *_check_digits(facts),
            unavailable("fields", read.unavailable, evidence=read.evidence),
        )
    else:
        parts = (
            *_check_digits(facts),
            *_driver_number(read),
            _dates(read),
            _expiry(read, now.astimezone(zone).date()),
        )
    answer = Answer(check=Check.CONSISTENCY, parts=parts, evidence=(read.evidence,), model="consistency-1")
    return [answer.completed(facts, now)]


def _check_digits(facts: Facts) -> tuple[v.Breakdown, ...]:
    zone = facts.of("zone:front", v.MachineZoneRead)
    if not zone.format:
        return ()
    if zone.check_digits_ok:
        return (clear("check_digits"),)
    wrong = zone.wrong_check_digits
    return (part("check_digits", Grade.SUSPECTED, "check_digit", evidence=zone.evidence_id, fields=wrong),)


def _driver_number(read: Values) -> tuple[v.Breakdown, ...]:
    """Judge the driver number against the fields it is built from (DVLA's rule)."""
    if read.document_type != "uk_driving_licence":
        return ()
    number, born = read.get("driver_number"), as_date(read.get("date_of_birth"))
    if not number or born is None or not read.get("family_name") or not read.get("given_names"):
        return (unavailable("driver_number", "unreadable", evidence=read.evidence),)
    wrong = driver_number.agrees_with(number, read.get("family_name"), read.get("given_names"), born, None)
    if not wrong:
        return (clear("driver_number"),)
    return (
        part(
            "driver_number", Grade.SUSPECTED, "field_mismatch", evidence=read.evidence, fields=sorted(wrong)
        ),
    )


def _dates(read: Values) -> v.Breakdown:
    """Judge the order of the dates: born, issued, expired."""
    named = [(name, as_date(read.get(name))) for name in ("date_of_birth", "issue_date", "expiry_date")]
    known = [(name, day) for name, day in named if day is not None]
    wrong = [f"{a}/{b}" for (a, first), (b, second) in pairwise(known) if first >= second]
    if len(known) < 2:
        return unavailable("dates", "unreadable", evidence=read.evidence)
    if wrong:
        return part("dates", Grade.SUSPECTED, "field_mismatch", evidence=read.evidence, fields=wrong)
    return clear("dates")


def _expiry(read: Values, today: date) -> v.Breakdown:
    expiry = as_date(read.get("expiry_date"))
    if expiry is None:
        return unavailable("expiry", "unreadable", evidence=read.evidence)
    if expiry < today:
        return part(
            "expiry", Grade.CAUTION, "expired_document", evidence=read.evidence, fields=("expiry_date",)
        )
    return clear("expiry")
