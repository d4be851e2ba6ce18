"""Tickets for the feed, and whether who follows it may still do so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from access import tickets
from access.clients import add_client, issue_key, revoke_key
from access.models import Ticket
from access.principals import Principal, Unauthorised, authenticate, digest, still_valid
from access.tickets import Narrowing, mint, redeem
from access.tokens import mint as mint_token
from events import journal
from events.journal import Draft
from protocol.problems import Refused
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.access.conftest import NOW

pytestmark = pytest.mark.django_db(databases="__all__")

CASE = "01990000-0000-7000-8000-000000000001"
ALL = Narrowing()


@pytest.fixture
def asker(client_and_key: tuple[str, str]) -> Principal:
    return authenticate(f"Bearer {client_and_key[1]}", now=NOW)


def _open(client: str, *, live: bool = True) -> None:
    grant = mint_token(now=NOW)
    drafts = [
        Draft(message=m, subject=CASE, client=client, applicant="someone")
        for m in (v.CaseOpened(reference="r", live=live), grant.issued)
    ]
    journal.record(drafts, now=NOW)


def _refusal(asker: Principal, narrowing: Narrowing) -> tuple[str, object]:
    with pytest.raises(Refused) as refused:
        mint(asker, narrowing, now=NOW)
    return refused.value.code, refused.value.extra.get("field")


def test_a_ticket_opens_the_feed_of_its_key_and_carries_no_other_scope(asker: Principal) -> None:
    minted = mint(asker, ALL, now=NOW)

    holder = authenticate(f"Bearer {minted.ticket}", now=NOW, tickets=True)

    assert (holder.kind, holder.client, holder.live) == ("client", asker.client, True)
    assert (holder.key_id, holder.case, holder.partition) == (asker.key_id, "", None)
    assert holder.scopes == {"feed:read", "feed:personal"}


def test_a_ticket_has_256_bits_and_only_its_hash_is_kept(asker: Principal) -> None:
    ticket = mint(asker, ALL, now=NOW).ticket
    kept = Ticket.objects.get()

    assert ticket.startswith("vouch_ticket_")
    assert len(ticket.removeprefix("vouch_ticket_")) == 43  # 32 bytes in base64
    assert bytes(kept.sha256) == digest(ticket)
    assert ticket not in str(vars(kept))


def test_a_ticket_is_used_once(asker: Principal) -> None:
    ticket = mint(asker, ALL, now=NOW).ticket
    redeem(ticket, now=NOW)

    with pytest.raises(Unauthorised):
        redeem(ticket, now=NOW)


def test_a_ticket_ends_after_thirty_seconds(asker: Principal) -> None:
    early, late = (mint(asker, ALL, now=NOW) for _ in range(2))

    assert late.expires_at == NOW + timedelta(seconds=30)
    assert redeem(early.ticket, now=NOW + timedelta(seconds=29)).client == asker.client
    with pytest.raises(Unauthorised):
        redeem(late.ticket, now=NOW + timedelta(seconds=30))


def test_a_ticket_names_nobody_where_it_is_not_asked_for_and_stays_unused(asker: Principal) -> None:
    ticket = mint(asker, ALL, now=NOW).ticket

    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {ticket}", now=NOW)

    assert authenticate(f"Bearer {ticket}", now=NOW, tickets=True).client == asker.client


def test_keys_are_taken_where_tickets_are(client_and_key: tuple[str, str]) -> None:
    assert authenticate(f"Bearer {client_and_key[1]}", now=NOW, tickets=True).client == client_and_key[0]


def test_a_ticket_of_a_revoked_key_is_worth_nothing(asker: Principal) -> None:
    ticket = mint(asker, ALL, now=NOW).ticket
    revoke_key(client=asker.client, key_id=asker.key_id, now=NOW)

    with pytest.raises(Unauthorised):
        redeem(ticket, now=NOW)


def test_a_ticket_ends_no_later_than_its_key_and_says_when_that_is(asker: Principal) -> None:
    ends = NOW + timedelta(seconds=10)
    key = issue_key(client=asker.client, now=NOW, live=True, expires_at=ends)
    minted = mint(authenticate(f"Bearer {key}", now=NOW), ALL, now=NOW)

    assert minted.expires_at == ends
    assert redeem(minted.ticket, now=NOW).expires_at == ends


def test_what_is_wrong_with_a_ticket_is_not_told(asker: Principal) -> None:
    used = mint(asker, ALL, now=NOW).ticket
    redeem(used, now=NOW)

    words = set()
    for ticket in ("vouch_ticket_x", used, mint(asker, ALL, now=NOW - timedelta(minutes=1)).ticket):
        with pytest.raises(Unauthorised) as refused:
            redeem(ticket, now=NOW)
        words.add(str(refused.value))

    assert words == {str(Unauthorised())}


def test_a_ticket_may_leave_personal_values_out(asker: Principal) -> None:
    ticket = mint(asker, Narrowing(scopes=frozenset({"feed:read"})), now=NOW).ticket

    assert redeem(ticket, now=NOW).scopes == {"feed:read"}


def test_a_ticket_may_be_for_one_partition(asker: Principal) -> None:
    ticket = mint(asker, Narrowing(partition="3/4"), now=NOW).ticket

    assert redeem(ticket, now=NOW).partition == (3, 4)


def test_a_ticket_may_be_for_one_of_the_clients_cases(asker: Principal) -> None:
    _open(asker.client)
    holder = redeem(mint(asker, Narrowing(case=CASE), now=NOW).ticket, now=NOW)

    assert (holder.kind, holder.case) == ("client", CASE)


def test_a_ticket_never_widens_its_key(asker: Principal) -> None:
    key = issue_key(client=asker.client, now=NOW, live=True, scopes=["feed:read"])
    narrow = authenticate(f"Bearer {key}", now=NOW)

    wide = Narrowing(scopes=frozenset({"feed:read", "feed:personal"}))
    assert _refusal(narrow, wide) == ("forbidden_scope", None)
    assert redeem(mint(narrow, ALL, now=NOW).ticket, now=NOW).scopes == {"feed:read"}


@pytest.mark.parametrize(
    ("narrowing", "field"),
    [
        (Narrowing(scopes=frozenset({"feed:read", "everything"})), "scopes"),
        (Narrowing(scopes=frozenset({"feed:personal"})), "scopes"),
        (Narrowing(partition="4/4"), "partition"),
        (Narrowing(partition="0/3"), "partition"),
        (Narrowing(partition="0/128"), "partition"),
        (Narrowing(partition="0/4", case=CASE), "partition"),
    ],
)
def test_a_narrowing_that_there_is_not_is_refused_with_its_field(
    asker: Principal, narrowing: Narrowing, field: str
) -> None:
    assert _refusal(asker, narrowing) == ("invalid", field)
    assert not Ticket.objects.exists()


def test_a_key_that_reads_no_feed_gets_no_ticket(asker: Principal) -> None:
    key = issue_key(client=asker.client, now=NOW, live=True, scopes=["cases:write"])

    assert _refusal(authenticate(f"Bearer {key}", now=NOW), ALL) == ("forbidden_scope", None)


def test_a_case_of_others_or_of_the_other_side_is_not_there(asker: Principal) -> None:
    _open(asker.client)
    test_key = issue_key(client=asker.client, now=NOW, live=False)
    stranger = add_client(name="Other Ltd", now=NOW)[1]

    for key in (test_key, stranger):
        other = authenticate(f"Bearer {key}", now=NOW)
        assert _refusal(other, Narrowing(case=CASE)) == ("not_found", None)


def test_of_unused_tickets_a_client_has_so_many_and_is_told_when_to_come_back(
    asker: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "MOST_UNUSED", 3)
    stranger = authenticate(f"Bearer {add_client(name='Other Ltd', now=NOW)[1]}", now=NOW)
    first = mint(asker, ALL, now=NOW - timedelta(seconds=20))
    for _ in range(2):
        mint(asker, ALL, now=NOW)

    with pytest.raises(Refused) as refused:
        mint(asker, ALL, now=NOW)

    assert (refused.value.code, refused.value.extra["retry_after"]) == ("rate_limited", 10)
    mint(stranger, ALL, now=NOW)
    redeem(first.ticket, now=NOW)
    mint(asker, ALL, now=NOW)


def test_tickets_that_expired_are_forgotten_when_the_next_one_is_made(asker: Principal) -> None:
    for _ in range(3):
        mint(asker, ALL, now=NOW)

    mint(asker, ALL, now=NOW + timedelta(seconds=30))

    assert Ticket.objects.count() == 1


def test_who_came_by_a_ticket_goes_on_until_its_key_is_revoked(asker: Principal) -> None:
    holder = redeem(mint(asker, ALL, now=NOW).ticket, now=NOW)
    for _ in range(2):
        assert still_valid([holder], now=NOW + timedelta(hours=1)) == {holder: None}

    revoke_key(client=asker.client, key_id=asker.key_id, now=NOW)

    assert not still_valid([holder], now=NOW)


def test_a_key_is_no_longer_valid_from_its_expiry_on(asker: Principal) -> None:
    ends = NOW + timedelta(hours=1)
    key = issue_key(client=asker.client, now=NOW, live=True, expires_at=ends)
    holder = authenticate(f"Bearer {key}", now=NOW)

    assert still_valid([holder], now=ends - timedelta(seconds=1)) == {holder: ends}
    assert not still_valid([holder], now=ends)


def _phone(client: str) -> Principal:
    grant = mint_token(now=NOW)
    _open(client)
    journal.record([Draft(message=grant.issued, subject=CASE, client=client, applicant="someone")], now=NOW)
    return authenticate(f"Bearer {grant.token}", now=NOW, tickets=True)


def _say(client: str, message: d.DecisionReached | v.CaptureTokenIssued) -> None:
    journal.record([Draft(message=message, subject=CASE, client=client, applicant="someone")], now=NOW)


def test_a_phone_goes_on_until_its_token_is_replaced(asker: Principal) -> None:
    phone = _phone(asker.client)
    assert still_valid([phone], now=NOW) == {phone: phone.expires_at}

    _say(asker.client, mint_token(now=NOW, replaces=True).issued)

    assert not still_valid([phone], now=NOW)


def test_a_phone_is_cut_short_by_a_settled_decision_it_came_before(asker: Principal) -> None:
    phone = _phone(asker.client)
    _say(asker.client, d.DecisionReached(outcome="approve", state="final"))

    assert still_valid([phone], now=NOW + timedelta(minutes=14)) == {phone: NOW + timedelta(minutes=15)}
    assert not still_valid([phone], now=NOW + timedelta(minutes=15))


def test_of_many_who_ask_those_who_may_go_on_are_told_apart(asker: Principal) -> None:
    phone, stranger = _phone(asker.client), replace(asker, key_id="ak_0000000000000000")
    holders = [redeem(mint(asker, ALL, now=NOW).ticket, now=NOW), phone, stranger]

    assert set(still_valid(holders, now=NOW)) == {*holders[:2]}


def test_nothing_that_is_printed_of_a_phone_has_its_tokens_hash(asker: Principal) -> None:
    phone = _phone(asker.client)

    assert phone.token_sha256
    assert str(phone.token_sha256) not in repr(phone)
