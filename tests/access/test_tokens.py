"""Case tokens and capture codes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from access import tokens
from access.models import CaptureCode, CaseToken
from access.principals import Unauthorised, authenticate, digest
from access.tokens import Grant
from events import journal
from events.journal import Draft
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.access.conftest import NOW

pytestmark = pytest.mark.django_db(databases="__all__")

CASE = "01990000-0000-7000-8000-000000000001"


def _say(
    *messages: v.CaseOpened | v.CaptureTokenIssued | d.DecisionReached, at: timedelta = timedelta(0)
) -> None:
    drafts = [Draft(message=m, subject=CASE, client="cl_1", applicant="someone") for m in messages]
    journal.record(drafts, now=NOW + at)


@pytest.fixture
def grant() -> Grant:
    grant = tokens.mint(now=NOW)
    _say(v.CaseOpened(reference="r", live=True), grant.issued)
    return grant


def test_a_token_opens_its_one_case_for_thirty_minutes(grant: Grant) -> None:
    principal = authenticate(f"Bearer {grant.token}", now=NOW + timedelta(minutes=29))
    assert (principal.kind, principal.case, principal.client) == ("case", CASE, "cl_1")
    assert principal.scopes == frozenset()
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {grant.token}", now=NOW + timedelta(minutes=30))


def test_nothing_kept_contains_a_token_or_a_code(grant: Grant) -> None:
    kept = f"{[vars(t) for t in CaseToken.objects.all()]} {[vars(c) for c in CaptureCode.objects.all()]}"
    assert grant.token not in kept
    assert grant.code not in kept
    assert grant.issued.token_sha256 == digest(grant.token)


def test_a_code_ends_after_ten_minutes(grant: Grant) -> None:
    assert tokens.case_of_code(grant.code, now=NOW + timedelta(minutes=9)) == CASE
    with pytest.raises(Unauthorised):
        tokens.case_of_code(grant.code, now=NOW + timedelta(minutes=10))


def test_a_code_that_was_exchanged_is_worth_nothing_more(grant: Grant) -> None:
    exchanged = tokens.mint(now=NOW, exchanged=grant.code)
    _say(exchanged.issued)
    assert exchanged.code == ""
    assert authenticate(f"Bearer {exchanged.token}", now=NOW).case == CASE
    with pytest.raises(Unauthorised):
        tokens.case_of_code(grant.code, now=NOW)


def test_a_fresh_grant_that_replaces_ends_the_older_ones(grant: Grant) -> None:
    fresh = tokens.mint(now=NOW, replaces=True)
    _say(fresh.issued)
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {grant.token}", now=NOW)
    with pytest.raises(Unauthorised):
        tokens.case_of_code(grant.code, now=NOW)
    assert tokens.case_of_code(fresh.code, now=NOW) == CASE


def test_reading_ends_fifteen_minutes_after_the_first_settled_decision(grant: Grant) -> None:
    _say(d.DecisionReached(outcome="refer", state="provisional", missing=["face_match"]))
    _say(d.DecisionReached(outcome="refer", state="provisional"), at=timedelta(minutes=2))
    _say(d.DecisionReached(outcome="approve", state="final"), at=timedelta(minutes=9))
    assert authenticate(f"Bearer {grant.token}", now=NOW + timedelta(minutes=16)).case == CASE
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {grant.token}", now=NOW + timedelta(minutes=17))


def test_a_cases_last_end_is_that_of_its_last_token(grant: Grant) -> None:
    _say(tokens.mint(now=NOW + timedelta(minutes=5), exchanged=grant.code).issued, at=timedelta(minutes=5))
    assert tokens.last_end(CASE) == NOW + timedelta(minutes=35)
