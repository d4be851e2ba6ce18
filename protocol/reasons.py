"""The one table of reason codes: what each may grade a check to, and what applicant and staff are told."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.checks import Grade

__all__ = ["REASONS", "Reason", "reason"]

# One sentence for every doubt about authenticity: it must not teach a forger which cue was seen.
_NEUTRAL = "We could not confirm this automatically. A person may take a look."


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a check, or a part of one, did not end clear.

    `grades` are the grades a part with this reason may take; `applicant_text` is safe for the applicant and
    says what to do where something can be done; `staff_text` says what was seen.
    """

    code: str
    grades: frozenset[Grade]
    applicant_text: str
    staff_text: str


def _rows(*rows: tuple[str, tuple[Grade, ...], str, str]) -> dict[str, Reason]:
    return {code: Reason(code, frozenset(grades), told, seen) for code, grades, told, seen in rows}


_REJECTED, _SUSPECTED = Grade.REJECTED, Grade.SUSPECTED
_CAUTION, _UNAVAILABLE = Grade.CAUTION, Grade.UNAVAILABLE

_AUTHENTICITY = _rows(
    (
        "portrait_substituted",
        (_REJECTED, _SUSPECTED),
        _NEUTRAL,
        "The portrait does not belong to the page: another face than the ghost image, or an edge around it.",
    ),
    ("text_altered", (_SUSPECTED,), _NEUTRAL, "Printed text differs from its surroundings as if edited."),
    ("screen_replay", (_SUSPECTED,), _NEUTRAL, "The picture or clip was taken from a screen."),
    ("printed_copy", (_SUSPECTED,), _NEUTRAL, "The document is a print, not the original."),
    ("media_seen_before", (_SUSPECTED,), _NEUTRAL, "The same recording was handed in before."),
    ("frozen_or_looped", (_SUSPECTED,), _NEUTRAL, "The clip stands still or repeats itself."),
    (
        "flat_face",
        (_SUSPECTED, _CAUTION),
        _NEUTRAL,
        "The face moves like a flat or bent sheet; suspected only together with a second cue.",
    ),
    ("face_mismatch", (_SUSPECTED, _CAUTION), _NEUTRAL, "Portrait and clip show faces that differ."),
    (
        "challenge_not_followed",
        (_SUSPECTED,),
        "The movements did not match what was asked. Please record again and follow the instructions.",
        "An action of the challenge was missing, late, in the wrong order, or another one was done.",
    ),
    ("check_digit", (_SUSPECTED,), _NEUTRAL, "A check digit does not agree with the characters it covers."),
    ("field_mismatch", (_SUSPECTED,), _NEUTRAL, "Two places of the document contradict each other."),
)

_AUTHORITY = _rows(
    (
        "under_age",
        (_REJECTED,),
        "The minimum age is not reached.",
        "The birth date on the document is younger than the case's minimum age.",
    ),
    ("register_unknown", (_REJECTED,), _NEUTRAL, "The licensing authority does not know this licence."),
    (
        "register_mismatch",
        (_REJECTED,),
        _NEUTRAL,
        "The licensing authority knows the number with another name or birth date, or has revoked it.",
    ),
    (
        "expired_document",
        (_CAUTION,),
        "The document has expired. Please use a valid one.",
        "The document's last day of validity has passed, by its print or by the register.",
    ),
)

_PICTURE = _rows(
    (
        "blurred",
        (_CAUTION,),
        "The picture is blurred. Please hold still and try again.",
        "Edges on the page are softer than the reader needs.",
    ),
    (
        "glare",
        (_CAUTION,),
        "Light is reflected on the document. Please tilt it away from the light.",
        "Burnt-out areas cover part of the page.",
    ),
    (
        "cut_off",
        (_CAUTION,),
        "Part of the document is outside the picture. Please show all of it.",
        "A corner or edge of the page lies outside the picture.",
    ),
    (
        "not_like_its_class",
        (_CAUTION,),
        _NEUTRAL,
        "The page lacks something that its class of document must have.",
    ),
    (
        "two_faces",
        (_CAUTION,),
        "More than one face was seen. Please be alone in the picture.",
        "Two or more faces of similar size were seen.",
    ),
    (
        "unreadable",
        (_UNAVAILABLE,),
        "The text could not be read. Please take a sharper, upright picture.",
        "Fields that the check needs could not be read; nothing was guessed.",
    ),
    (
        "no_face",
        (_UNAVAILABLE,),
        "No face was seen. Please face the camera in good light.",
        "No face of sufficient size was found.",
    ),
    (
        "no_document",
        (_UNAVAILABLE,),
        "No document was seen. Please lay it flat and fill the picture with it.",
        "Nothing in the picture looks like a document's page.",
    ),
    (
        "unknown_document",
        (_UNAVAILABLE,),
        "This kind of document is not known to us. Please use another one.",
        "A document was seen, but of no class that we read.",
    ),
    (
        "not_seen_well",
        (_UNAVAILABLE,),
        "The recording was not clear enough. Please record again in good light.",
        "The clip's quality does not allow an answer about liveness.",
    ),
)

_CLAIM = _rows(
    (
        "claim_mismatch",
        (_CAUTION,),
        "The details given differ from the document. Please check them.",
        "A field of the document differs from the claimed data.",
    ),
    (
        "claim_not_read",
        (_CAUTION,),
        "A detail could not be compared because it could not be read.",
        "A claimed field was not read on the document.",
    ),
)

_NOT_ASKED = _rows(
    (
        "no_biometric_basis",
        (_UNAVAILABLE,),
        "Your agreement to use your face is needed for this.",
        "No basis for processing the face is recorded, or it was withdrawn.",
    ),
    (
        "challenge_not_asked",
        (_UNAVAILABLE,),
        "A recording with movements is needed.",
        "A photo, or a clip without a challenge, cannot show a live person.",
    ),
    (
        "register_unavailable",
        (_UNAVAILABLE,),
        "A service we rely on did not answer. A person may take a look.",
        "The licence register gave no usable answer before the case's deadline.",
    ),
    (
        "evidence_missing",
        (_UNAVAILABLE,),
        "A picture or recording that is needed was not sent.",
        "The case was submitted without the evidence this check rests on.",
    ),
    (
        "deadline",
        (_UNAVAILABLE,),
        "This is taking longer than usual.",
        "The check had not ended 15 s after submission; a later answer replaces this one.",
    ),
    (
        "step_failed",
        (_UNAVAILABLE,),
        "Something went wrong on our side. A person may take a look.",
        "The step failed three times.",
    ),
)

REASONS: dict[str, Reason] = {**_AUTHENTICITY, **_AUTHORITY, **_PICTURE, **_CLAIM, **_NOT_ASKED}


def reason(code: str) -> Reason:
    """Find what is known of a code.

    Raises:
        KeyError: it is not in the table: add a row before a check uses it.
    """
    return REASONS[code]
