"""What facts make of each other: consistency, comparison, age, document and quality."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.schemas import verification_v1_pb2 as v
from tests.pipeline.building import LICENCE, NOW, classified, facts_of, fields, graded, opened, zone
from verification.pipeline.facts import Facts
from verification.pipeline.judges import age, comparison, consistency, document, quality

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

PASSPORT = {k: v for k, v in LICENCE.items() if k not in {"driver_number", "issue_date"}} | {
    "document_number": "527490163",
    "nationality": "GBR",
}


def licence(**changed: str) -> Facts:
    values = {name: value for name, value in (LICENCE | changed).items() if value}
    return facts_of(opened(), classified(), graded(), fields(values), zone())


def judged(judge: object, facts: Facts, now: datetime = NOW) -> v.CheckCompleted:
    answers = judge(facts, None, now)  # type: ignore[operator]  # every judge has this form
    return next(a for a in answers if isinstance(a, v.CheckCompleted))


def codes(check: v.CheckCompleted) -> list[str]:
    return [reason.code for reason in check.reasons]


def test_a_genuine_licence_is_consistent_with_itself() -> None:
    check = judged(consistency.judge, licence())

    assert check.status == "clear"
    assert check.final


def test_a_driver_number_of_another_name_is_a_mismatch_within_the_document() -> None:
    check = judged(consistency.judge, licence(family_name="SOMEBODY"))

    assert check.status == "suspected"
    assert codes(check) == ["field_mismatch"]


def test_an_edited_birth_date_disagrees_with_the_driver_number() -> None:
    check = judged(consistency.judge, licence(date_of_birth="1991-03-14"))

    assert check.status == "suspected"


def test_an_expired_licence_is_a_caution_from_the_day_after() -> None:
    facts = licence(expiry_date="2026-06-15")

    on_the_day = judged(consistency.judge, facts, NOW)
    after = judged(consistency.judge, facts, datetime(2026, 6, 16, 1, tzinfo=NOW.tzinfo))

    assert on_the_day.status == "clear"
    assert (after.status, codes(after)) == ("caution", ["expired_document"])


def test_the_day_is_counted_in_the_clients_time_zone() -> None:
    late = datetime(2026, 6, 15, 23, 30, tzinfo=NOW.tzinfo)
    facts = facts_of(
        opened(time_zone="Asia/Tokyo"),
        classified(),
        fields(LICENCE | {"expiry_date": "2026-06-15"}),
        zone(),
    )

    assert codes(judged(consistency.judge, facts, late)) == ["expired_document"]


def test_a_licence_issued_before_its_holder_was_born_is_a_mismatch() -> None:
    check = judged(consistency.judge, licence(issue_date="1950-01-01"))

    assert "field_mismatch" in codes(check)


def test_a_driver_number_that_was_not_read_is_unavailable_not_wrong() -> None:
    check = judged(consistency.judge, licence(driver_number=""))

    assert (check.status, codes(check)) == ("unavailable", ["unreadable"])


def test_a_wrong_check_digit_in_the_zone_is_suspected() -> None:
    facts = facts_of(
        opened(), classified("passport"), fields(PASSPORT, document_type="passport"), zone(PASSPORT, ok=False)
    )

    check = judged(consistency.judge, facts)

    assert (check.status, codes(check)) == ("suspected", ["check_digit"])


def test_a_wrong_check_digit_is_suspected_where_only_the_zone_is_read() -> None:
    facts = facts_of(
        opened(), classified("passport"), fields({}, document_type="passport"), zone(PASSPORT, ok=False)
    )

    check = judged(consistency.judge, facts)

    assert (check.status, codes(check)) == ("suspected", ["check_digit", "unreadable"])


def test_an_unknown_document_has_no_consistency_to_judge() -> None:
    facts = facts_of(opened(), classified("unknown"), graded(), fields({}, document_type="unknown"), zone())

    assert judged(consistency.judge, facts).status == "not_applicable"


def test_what_was_claimed_and_read_alike_is_clear() -> None:
    claimed = opened(given_names="Theodore", family_name="Holloway", date_of_birth="1961-03-14")
    facts = facts_of(claimed, classified(), fields(LICENCE), zone())

    assert judged(comparison.judge, facts).status == "clear"


def test_another_claimed_name_is_a_caution_naming_the_field() -> None:
    facts = facts_of(opened(family_name="Smith"), classified(), fields(LICENCE), zone())

    check = judged(comparison.judge, facts)

    assert (check.status, codes(check)) == ("caution", ["claim_mismatch"])
    assert list(check.reasons[0].fields) == ["family_name"]


def test_a_claim_that_could_not_be_read_is_a_caution() -> None:
    facts = facts_of(opened(document_number="X1"), classified(), fields({"family_name": "A"}), zone())

    assert codes(judged(comparison.judge, facts)) == ["claim_not_read"]


def test_nothing_claimed_makes_comparison_not_applicable() -> None:
    facts = facts_of(opened(), classified(), fields(LICENCE), zone())

    assert judged(comparison.judge, facts).status == "not_applicable"


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ -'", min_size=1).filter(lambda s: s.strip(" -'")))
def test_a_family_name_agrees_with_itself_in_any_case_and_spacing(name: str) -> None:
    assert comparison.agree("family_name", name.lower(), f"  {name} ")


def test_every_apostrophe_joins_what_it_stands_between() -> None:
    assert comparison.agree("given_names", "D\u2019Arcy James", "D'ARCY JAMES")
    assert comparison.agree("given_names", "D\u2019Arcy", "DARCY")


@given(st.sampled_from(["José", "Zoë", "Łukasz-Jan", "O'Neil"]))
def test_names_agree_with_and_without_their_accents(name: str) -> None:
    assert comparison.agree("given_names", name, name.upper())


def test_an_adult_is_over_the_minimum_age() -> None:
    facts = facts_of(opened(minimum_age=18), classified(), fields(LICENCE), zone())

    partial, check = age.judge(facts, None, NOW)

    assert isinstance(partial, v.AgeEstablished)
    assert partial.over_minimum == "yes"
    assert isinstance(check, v.CheckCompleted)
    assert check.status == "clear"


def test_somebody_too_young_is_rejected() -> None:
    facts = facts_of(
        opened(minimum_age=18), classified(), fields(LICENCE | {"date_of_birth": "2010-01-01"}), zone()
    )

    check = judged(age.judge, facts)

    assert (check.status, codes(check)) == ("rejected", ["under_age"])


@pytest.mark.parametrize("born", ["", "1961-13-45", "2090-01-01"])
def test_a_birth_date_that_is_none_makes_the_age_unknown_never_a_guess(born: str) -> None:
    facts = facts_of(
        opened(minimum_age=18), classified(), fields({"family_name": "A", "date_of_birth": born}), zone()
    )

    partial, check = age.judge(facts, None, NOW)

    assert isinstance(partial, v.AgeEstablished)
    assert partial.over_minimum == "unknown"
    assert isinstance(check, v.CheckCompleted)
    assert codes(check) == ["unreadable"]


def test_without_a_minimum_age_there_is_nothing_to_establish() -> None:
    (check,) = age.judge(licence(), None, NOW)

    assert isinstance(check, v.CheckCompleted)
    assert check.status == "not_applicable"


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        (date(2008, 6, 14), date(2026, 6, 15), "yes"),
        (date(2008, 6, 15), date(2026, 6, 15), "yes"),
        (date(2008, 6, 16), date(2026, 6, 15), "no"),
        (date(2008, 2, 29), date(2026, 2, 28), "no"),
        (date(2008, 2, 29), date(2026, 3, 1), "yes"),
        (date(2004, 2, 29), date(2024, 2, 29), "yes"),
    ],
)
def test_a_year_of_life_is_completed_on_the_birthday(born: date, today: date, expected: str) -> None:
    years = 20 if born.year == 2004 else 18

    assert age.over(born, years, today) == expected


@given(st.dates(date(1900, 1, 1), date(2020, 1, 1)), st.integers(1, 99))
def test_whoever_is_over_an_age_stays_over_it(born: date, years: int) -> None:
    first = next(
        (
            day
            for day in (date(born.year + years, 1, 1), date(born.year + years + 1, 1, 1))
            if age.over(born, years, day) == "yes"
        ),
        None,
    )

    assert first is not None
    assert age.over(born, years, date(first.year + 1, 1, 1)) == "yes"


def test_a_licence_with_all_its_fields_and_texts_is_a_document_of_its_class() -> None:
    assert judged(document.judge, licence()).status == "clear"


def test_a_licence_with_missing_fields_is_unreadable_and_names_them() -> None:
    check = judged(document.judge, licence(driver_number="", date_of_birth=""))

    assert (check.status, codes(check)) == ("unavailable", ["unreadable"])
    assert list(check.reasons[0].fields) == ["date_of_birth", "driver_number"]


def test_a_licence_without_its_fixed_text_is_not_like_its_class() -> None:
    read = fields(LICENCE)
    del read.fixed_texts[:]

    check = judged(document.judge, facts_of(opened(), classified(), graded(), read, zone()))

    assert codes(check) == ["not_like_its_class"]


def test_a_picture_without_a_page_is_no_document() -> None:
    nothing = classified("unknown")
    del nothing.corners_px[:]
    facts = facts_of(opened(), nothing, graded(), fields({}, unavailable="no_document"), zone())

    assert codes(judged(document.judge, facts)) == ["no_document"]


def test_a_page_of_no_known_class_is_an_unknown_document() -> None:
    facts = facts_of(opened(), classified("unknown"), graded(), fields({}, document_type="unknown"), zone())

    assert codes(judged(document.judge, facts)) == ["unknown_document"]


def failed(evidence_kind: str) -> v.PictureGraded:
    ungraded = graded(evidence_kind)
    del ungraded.quality[:]
    ungraded.unavailable = "step_failed"
    return ungraded


def test_a_front_that_could_not_be_graded_is_not_clear_of_its_class() -> None:
    facts = facts_of(opened(), classified(), failed("document_front"), fields(LICENCE), zone())

    check = judged(document.judge, facts)

    assert (check.status, codes(check)) == ("unavailable", ["step_failed"])


def test_a_back_that_could_not_be_graded_is_unavailable() -> None:
    check = judged(quality.judge, facts_of(graded(), failed("document_back")))

    assert (check.status, codes(check)) == ("unavailable", ["step_failed"])


def test_quality_has_a_part_for_each_further_picture() -> None:
    back = graded("document_back", status="caution", code="blurred")

    check = judged(quality.judge, facts_of(graded(), back))

    assert {part.name for part in check.breakdown} == {"sharpness", "back"}
    assert check.status == "caution"
