"""Every reason of the public contract is in the table, with its grades and two texts."""

from __future__ import annotations

import re

import pytest

from protocol.checks import Grade
from protocol.reasons import REASONS, reason

# The table of API.md, "Reasons", word by word.
CONTRACT = {
    Grade.REJECTED: "portrait_substituted under_age register_unknown register_mismatch",
    Grade.SUSPECTED: "portrait_substituted text_altered screen_replay printed_copy media_seen_before "
    "frozen_or_looped flat_face face_mismatch challenge_not_followed check_digit field_mismatch",
    Grade.CAUTION: "expired_document blurred glare cut_off claim_mismatch claim_not_read face_mismatch "
    "two_faces not_like_its_class flat_face",
    Grade.UNAVAILABLE: "unreadable no_face no_document unknown_document no_biometric_basis "
    "challenge_not_asked not_seen_well register_unavailable evidence_missing deadline step_failed",
}
# Cues and their names that would teach a forger; none may be told to the applicant.
SECRETS = re.compile(
    r"screen|print|ghost|edit|loop|sheet|register|substitut|fraud|fake|forg|score", re.IGNORECASE
)


@pytest.mark.parametrize("grade", list(CONTRACT))
def test_each_grade_has_the_reasons_of_the_contract(grade: Grade) -> None:
    assert {code for code, row in REASONS.items() if grade in row.grades} == set(CONTRACT[grade].split())


def test_no_reason_stands_for_a_good_answer() -> None:
    good = {Grade.CLEAR, Grade.NOT_APPLICABLE}

    assert [row.code for row in REASONS.values() if not row.grades or row.grades & good] == []


def test_every_reason_lies_under_its_own_code() -> None:
    assert all(code == row.code for code, row in REASONS.items())


def test_every_reason_has_both_texts_as_sentences() -> None:
    texts = [text for row in REASONS.values() for text in (row.applicant_text, row.staff_text)]

    assert [text for text in texts if not re.fullmatch(r"[A-Z].{10,}\.", text)] == []


def test_no_text_for_the_applicant_teaches_a_forger() -> None:
    told = [row.code for row in REASONS.values() if SECRETS.search(row.applicant_text)]

    assert told == []


def test_all_doubts_about_the_document_sound_the_same() -> None:
    doubts = ["portrait_substituted", "text_altered", "printed_copy", "screen_replay", "media_seen_before"]

    assert len({reason(code).applicant_text for code in doubts}) == 1


def test_a_code_outside_the_table_is_refused() -> None:
    with pytest.raises(KeyError, match="too_handsome"):
        reason("too_handsome")
