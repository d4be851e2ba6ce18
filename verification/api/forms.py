"""What may be sent, member by member (API.md, Submitting)."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired, TypedDict

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.validators import RegexValidator
from rest_framework import serializers

from access.principals import SCOPES
from protocol.policies import Outcome
from verification.api.fields import IsoDate, Moment, Strict, Text, Whole, one_of

__all__ = [
    "KINDS",
    "BasisBody",
    "BasisForm",
    "CaseBody",
    "CaseForm",
    "ClaimedForm",
    "CodeForm",
    "DecisionBody",
    "DecisionForm",
    "EmptyForm",
    "EvidenceBody",
    "EvidenceForm",
    "ListBody",
    "ListForm",
    "StakeForm",
    "TicketBody",
    "TicketForm",
]

KINDS = ("document_front", "document_back", "face_video", "face_photo")
_LOCALE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z"
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
_MOST_REASONS = 20
_NAME = r"^[a-z0-9_]{1,100}\Z"


def _matching(pattern: str, *, required: bool = True) -> Text:
    return Text(validators=[RegexValidator(pattern)], trim_whitespace=False, required=required)


class EmptyForm(Strict):
    """A body without members."""


class StakeForm(Strict):
    """An amount of money; which amounts and currencies there are, the policies say."""

    amount = Text(max_length=20)
    currency = Text(max_length=3)


class ClaimedForm(Strict):
    """What the applicant says of themselves."""

    given_names = Text(max_length=200)
    family_name = Text(max_length=200)
    date_of_birth = IsoDate()
    document_number = Text(max_length=64, required=False)
    address = Text(max_length=500, required=False)
    email = Text(max_length=254, required=False)
    phone = Text(max_length=32, required=False)
    locale = _matching(_LOCALE, required=False)


class BasisForm(Strict):
    """A ground for processing a face."""

    basis = one_of(("consent", "other"))
    text_version = Text(max_length=64)
    locale = _matching(_LOCALE)
    given_at = Moment()


class BasisBody(TypedDict):
    """A `BasisForm` that was read."""

    basis: str
    text_version: str
    locale: str
    given_at: datetime


class CaseForm(Strict):
    """A wish to open a case."""

    reference = _matching(r"^[A-Za-z0-9._:-]{1,64}\Z")
    stake = StakeForm()
    claimed = ClaimedForm()
    applicant = _matching(_UUID, required=False)
    minimum_age = Whole(min_value=1, max_value=150, required=False)
    policy = _matching(_NAME, required=False)
    biometrics = BasisForm(required=False)


class CaseBody(TypedDict):
    """A `CaseForm` that was read."""

    reference: str
    stake: dict[str, str]
    claimed: dict[str, str]
    applicant: NotRequired[str]
    minimum_age: NotRequired[int]
    policy: NotRequired[str]
    biometrics: NotRequired[BasisBody]


class EvidenceForm(Strict):
    """A file, what it shows, and the challenge that a clip answers."""

    kind = one_of(KINDS)
    file = serializers.FileField(allow_empty_file=True, max_length=255)
    challenge = _matching(_UUID, required=False)


class EvidenceBody(TypedDict):
    """An `EvidenceForm` that was read."""

    kind: str
    file: TemporaryUploadedFile
    challenge: NotRequired[str]


class DecisionForm(Strict):
    """What a client's own reviewer decides, and why: codes of the reason table."""

    outcome = one_of([*Outcome])
    reasons = serializers.ListField(child=Text(max_length=64), max_length=_MOST_REASONS, required=False)


class DecisionBody(TypedDict):
    """A `DecisionForm` that was read."""

    outcome: str
    reasons: NotRequired[list[str]]


class CodeForm(Strict):
    """The code of a capture address."""

    code = Text(max_length=100)


class TicketForm(Strict):
    """What a ticket may do less than the key that asks for it; left out: as much."""

    scopes = serializers.ListField(child=one_of(SCOPES), allow_empty=False, required=False)
    partition = Text(max_length=5, required=False)
    case = _matching(_UUID, required=False)


class TicketBody(TypedDict):
    """A `TicketForm` that was read."""

    scopes: NotRequired[list[str]]
    partition: NotRequired[str]
    case: NotRequired[str]


class ListForm(Strict):
    """Which cases to list."""

    reference = Text(max_length=64, required=False)
    status = Text(max_length=24, required=False)
    created_after = Moment(required=False)
    cursor = _matching(_UUID, required=False)


class ListBody(TypedDict):
    """A `ListForm` that was read."""

    reference: NotRequired[str]
    status: NotRequired[str]
    created_after: NotRequired[datetime]
    cursor: NotRequired[str]
