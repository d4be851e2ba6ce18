"""The door for writing: one function a use case, each one transaction of events and their rows.

Every function raises `Refused` when the case's state does not allow the command, and the key store's `Erased`
and `KeysAway` where personal values are sealed or opened.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from google.protobuf.message import Message

from access import tokens
from access.clients import time_zone_of
from access.principals import Principal
from access.tokens import Grant
from events import journal
from events.errors import KeysAway
from events.journal import Draft
from events.keys import destroy_key
from events.retrying import retried
from protocol.case_state import CaseState
from protocol.catalogue import PersonalClass
from protocol.ids import new_uuid7, to_us
from protocol.problems import Refused
from protocol.schemas import verification_v1_pb2 as v
from verification import decide, decide_review, idempotency, rows
from verification.decide import Drawn, Opening, Standing
from verification.decide_review import Conclusion
from verification.idempotency import Once
from verification.models import Case
from verification.receiving import Upload, add_evidence

__all__ = [
    "Opened",
    "Upload",
    "add_evidence",
    "conclude_review",
    "draw_challenge",
    "exchange_code",
    "expire",
    "issue_capture",
    "note_view",
    "open_case",
    "pass_deadline",
    "record_basis",
    "record_facts",
    "request_review",
    "submit",
    "withdraw",
    "withdraw_basis",
]

_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A case as its opening is answered, with a fresh token for the phone."""

    id: str
    applicant: str
    status: str
    version: int
    live: bool
    grant: Grant


@retried
def open_case(
    asker: Principal, opening: Opening, *, once: Once, now: datetime, applicant: str = ""
) -> Opened:
    """Open a case, or give the one that the same request opened before, each time with a fresh token.

    Args:
        asker: the client, by a live or a test key.
        opening: what is wished.
        once: the request's idempotency key and body.
        now: the present moment.
        applicant: one of this client's applicants; empty: a new one.

    Raises:
        Refused: `idempotency_mismatch`; `not_found`: the client has no such applicant.
    """
    grant = tokens.mint(now=now)
    with transaction.atomic():
        new = str(new_uuid7(now))
        case = idempotency.case_of(asker, once, new=new, now=now)
        if case == new:
            standing = _new_standing(asker, case, applicant, now)
            journal.record(decide.open_case(standing, opening, grant.issued), now=now)
        else:
            journal.record([decide.draft(rows.held(case), grant.issued)], now=now)
        row = rows.existing(case)
    return Opened(
        id=row.id,
        applicant=row.applicant,
        status=row.status,
        version=row.version,
        live=row.live,
        grant=grant,
    )


def _new_standing(asker: Principal, case: str, applicant: str, now: datetime) -> Standing:
    theirs = Case.objects.filter(client=asker.client, live=asker.live, applicant=applicant)
    if applicant and not theirs.exists():
        raise Refused("not_found", "no case of yours names this applicant; leave it out for a new one")
    return Standing(
        case=case,
        client=asker.client,
        applicant=applicant or str(new_uuid7(now)),
        live=asker.live,
        state=CaseState(),
        minimum_age=0,
        time_zone=time_zone_of(asker.client),
        basis=False,
        deadline_passed=False,
    )


@retried
def record_basis(case: str, basis: v.BiometricBasisRecorded, *, now: datetime) -> None:
    """Record a ground for processing the applicant's face; waiting face steps run from now on."""
    with transaction.atomic():
        _record(decide.record_basis(rows.held(case), basis), now)


@retried
def withdraw_basis(case: str, *, now: datetime) -> None:
    """End that ground: face steps that have not ended stop, and the applicant's biometric key is destroyed.

    The event comes first, so that no step begins on a basis that no longer stands. Where the key store is
    away, or we die here, whoever follows the event destroys the key (`pipeline.withdrawals`).
    """
    with transaction.atomic():
        standing = rows.held(case)
        drafts = decide.withdraw_basis(standing)
        _record(drafts, now)
    if drafts:
        with suppress(KeysAway):
            destroy_key(standing.applicant, PersonalClass.BIOMETRIC, now=now)


@retried
def draw_challenge(case: str, *, now: datetime) -> Drawn:
    """Draw what the person is asked to do before the camera, or give what still waits for its clip.

    Raises:
        Refused: `not_accepting` or `too_many_attempts`.
    """
    with transaction.atomic():
        standing = rows.held(case, with_applicant=True)
        decide.accepting(standing)
        drawn = decide.draw_challenge(
            rows.challenges_of(case),
            rows.days_of(standing.applicant, to_us(now - _DAY)),
            now=now,
            new_id=str(new_uuid7(now)),
            randbelow=secrets.randbelow,
        )
        if isinstance(drawn, Drawn):
            return drawn
        _record([decide.draft(standing, drawn)], now)
        return rows.challenges_of(case)[-1]


@retried
def submit(case: str, *, by: str, now: datetime) -> None:
    """Say that no more evidence comes; `by` is client or applicant."""
    with transaction.atomic():
        _record(decide.submit(rows.held(case), by=by, now=now), now)


@retried
def withdraw(case: str, *, by: str, now: datetime) -> None:
    """Call a case off; `by` is client or applicant."""
    with transaction.atomic():
        _record(decide.withdraw(rows.held(case), by=by), now)


@retried
def request_review(case: str, *, by: str, now: datetime) -> None:
    """Ask that a person looks at a case; `by` is client or applicant."""
    with transaction.atomic():
        _record(decide_review.request_review(rows.held(case), by=by), now)


@retried
def conclude_review(case: str, conclusion: Conclusion, *, now: datetime) -> None:
    """Decide a case as a person, be it in review or not: a client's own reviewer may know more than we.

    Raises:
        Refused: `invalid`: a reason that there is not.
    """
    with transaction.atomic():
        _record(decide_review.conclude_review(rows.held(case), conclusion), now)


@retried
def issue_capture(case: str, *, now: datetime) -> Grant:
    """Give a case a fresh token and capture code; the older ones end.

    Raises:
        Refused: `not_accepting`: the case is over.
    """
    grant = tokens.mint(now=now, replaces=True)
    with transaction.atomic():
        standing = rows.held(case)
        if standing.over:
            raise Refused("not_accepting", f"the case is {standing.state.status}; open a new one")
        _record([decide.draft(standing, grant.issued)], now)
    return grant


@retried
def exchange_code(code: str, *, now: datetime) -> tuple[str, Grant]:
    """Change the code of a capture address for a case token, once.

    Returns:
        The case's id, and the token.

    Raises:
        Unauthorised: no such code, or it was used, replaced or has expired.
    """
    grant = tokens.mint(now=now, exchanged=code)
    with transaction.atomic():
        case = tokens.case_of_code(code, now=now)
        standing = rows.held(case)
        # Once more: somebody else may have changed the code while this waited for the case.
        tokens.case_of_code(code, now=now)
        _record([decide.draft(standing, grant.issued)], now)
    return case, grant


@retried
def pass_deadline(case: str, *, now: datetime) -> datetime | None:
    """End the checks that still run when a submitted case's time is over; again, or with none: nothing.

    Returns:
        When to look again, as a dial keeps a check open until then; None: there is no need to.
    """
    with transaction.atomic():
        standing = rows.held(case)
        _record(decide.pass_deadline(standing, now=now), now)
    return decide.next_deadline(standing, now=now)


@retried
def expire(case: str, *, now: datetime) -> None:
    """End a case that was neither submitted nor decided, once its last token has ended; before: nothing."""
    with transaction.atomic():
        standing = rows.held(case)
        _record(decide.expire(standing, token_ended_at=tokens.last_end(case), now=now), now)


@retried
def record_facts(case: str, facts: Iterable[Message], *, now: datetime, causation: str = "") -> None:
    """Add facts to a case, personal fields in clear; facts never conflict.

    Args:
        case: its id.
        facts: messages of the streams of partials, results and the case.
        now: the present moment.
        causation: id of the event they follow from; empty: none.
    """
    with transaction.atomic():
        standing = rows.held(case)
        drafts = [
            Draft(
                message=fact,
                subject=case,
                client=standing.client,
                applicant=standing.applicant,
                causation=causation,
            )
            for fact in facts
        ]
        _record(drafts, now)


def note_view(case: str, viewed: v.PersonalDataViewed, *, now: datetime) -> None:
    """Record that somebody looks at personal data of a case; call it before the data is shown."""
    record_facts(case, [viewed], now=now)


def _record(drafts: Sequence[Draft], now: datetime) -> None:
    if drafts:
        journal.record(drafts, now=now)
