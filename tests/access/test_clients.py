"""Clients and their keys."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from access.clients import (
    add_client,
    issue_key,
    require_own_reviewers,
    revoke_key,
    switch_reviewers,
    time_zone_of,
)
from access.models import ClientKey
from access.principals import SCOPES, Unauthorised, authenticate, digest, require
from events import journal
from protocol.problems import Refused
from protocol.schemas.client_v1_pb2 import ReviewersSwitched
from tests.access.conftest import NOW

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_new_clients_key_may_do_everything_in_live_cases(client_and_key: tuple[str, str]) -> None:
    client, key = client_and_key
    principal = authenticate(f"Bearer {key}", now=NOW)
    assert (principal.kind, principal.client, principal.live) == ("client", client, True)
    assert principal.scopes == set(SCOPES)
    assert key.startswith("vouch_live_")


def test_only_the_hash_of_a_key_is_kept(client_and_key: tuple[str, str]) -> None:
    _, key = client_and_key
    kept = ClientKey.objects.get()
    assert bytes(kept.sha256) == digest(key)
    assert key not in str(vars(kept))


def test_a_test_key_is_known_by_its_name_and_opens_no_live_case() -> None:
    _, key = add_client(name="Betting Ltd", now=NOW, live=False)
    assert key.startswith("vouch_test_")
    assert not authenticate(f"Bearer {key}", now=NOW).live


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer vouch_live_x", "Bearer vouch_case_x"]
)
def test_what_names_nobody_is_refused_with_the_same_words(header: str) -> None:
    with pytest.raises(Unauthorised) as refused:
        authenticate(header, now=NOW)
    assert refused.value.detail == Unauthorised().detail


def test_a_revoked_key_is_refused_and_the_others_stay(client_and_key: tuple[str, str]) -> None:
    client, key = client_and_key
    second = issue_key(client=client, now=NOW, live=True)
    first_id = authenticate(f"Bearer {key}", now=NOW).key_id
    revoke_key(client=client, key_id=first_id, now=NOW)
    revoke_key(client=client, key_id=first_id, now=NOW)
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {key}", now=NOW)
    assert authenticate(f"Bearer {second}", now=NOW).client == client


def test_a_key_is_refused_from_its_expiry_on(client_and_key: tuple[str, str]) -> None:
    ends = NOW + timedelta(hours=1)
    key = issue_key(client=client_and_key[0], now=NOW, live=True, expires_at=ends)
    assert authenticate(f"Bearer {key}", now=ends - timedelta(seconds=1)).expires_at == ends
    with pytest.raises(Unauthorised):
        authenticate(f"Bearer {key}", now=ends)


def test_a_key_may_do_only_what_its_scopes_say(client_and_key: tuple[str, str]) -> None:
    key = issue_key(client=client_and_key[0], now=NOW, live=True, scopes=["feed:read"])
    principal = authenticate(f"Bearer {key}", now=NOW)
    require(principal, "feed:read")
    with pytest.raises(Refused, match="forbidden_scope"):
        require(principal, "cases:write")


def test_a_scope_that_does_not_exist_is_refused_by_its_name(client_and_key: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="everything"):
        issue_key(client=client_and_key[0], now=NOW, live=True, scopes=["everything"])


def test_keys_of_a_client_that_is_not_there_are_refused(client_and_key: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="not_found"):
        issue_key(client="cl_0000000000000000", now=NOW, live=True)
    with pytest.raises(Refused, match="not_found"):
        revoke_key(client=client_and_key[0], key_id="ak_none", now=NOW)


def test_a_client_keeps_the_time_zone_it_was_added_with() -> None:
    client, _ = add_client(name="Betting Ltd", now=NOW, time_zone="Europe/Paris")
    assert time_zone_of(client) == "Europe/Paris"


@pytest.mark.parametrize(
    ("name", "zone"), [(" ", "Europe/London"), ("x" * 201, "Europe/London"), ("x", "Moon")]
)
def test_a_client_without_usable_name_or_zone_is_refused(name: str, zone: str) -> None:
    with pytest.raises(Refused, match="invalid"):
        add_client(name=name, now=NOW, time_zone=zone)


def _switched(client: str) -> list[bool]:
    said = (event.message for event in journal.after(0, subject=client))
    return [message.on for message in said if isinstance(message, ReviewersSwitched)]


def test_a_clients_own_reviewers_may_decide_nothing_until_that_is_switched_on(
    client_and_key: tuple[str, str],
) -> None:
    client, _ = client_and_key
    with pytest.raises(Refused, match="forbidden_scope"):
        require_own_reviewers(client)
    switch_reviewers(client=client, on=True, now=NOW)
    require_own_reviewers(client)
    switch_reviewers(client=client, on=False, now=NOW)
    with pytest.raises(Refused, match="forbidden_scope"):
        require_own_reviewers(client)


def test_a_switch_that_changes_nothing_is_not_said(client_and_key: tuple[str, str]) -> None:
    client, _ = client_and_key
    for on in (False, True, True, False):
        switch_reviewers(client=client, on=on, now=NOW)
    assert _switched(client) == [True, False]


def test_one_clients_switch_is_not_anothers(client_and_key: tuple[str, str]) -> None:
    other, _ = add_client(name="Other Ltd", now=NOW)
    switch_reviewers(client=client_and_key[0], on=True, now=NOW)
    with pytest.raises(Refused, match="forbidden_scope"):
        require_own_reviewers(other)


def test_the_command_switches_reviewers_on_and_off(client_and_key: tuple[str, str]) -> None:
    client, _ = client_and_key
    out = StringIO()
    for switch in ("on", "off"):
        call_command("client", "reviewers", client, switch, stdout=out)
    assert out.getvalue().splitlines() == [f"own reviewers of {client}: {word}" for word in ("on", "off")]
    assert _switched(client) == [True, False]


@pytest.mark.parametrize(
    ("words", "why"), [(("cl_0000000000000000", "on"), "no client"), (("cl_1", "maybe"), "invalid choice")]
)
def test_the_command_says_why_it_switches_nothing(words: tuple[str, str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("client", "reviewers", *words)


def test_the_command_prints_the_id_and_then_the_key_alone_on_the_last_line() -> None:
    out = StringIO()
    call_command("client", "add", "Betting Ltd", "--test", stdout=out)
    client, key = out.getvalue().splitlines()[-2:]
    assert client.startswith("cl_")
    assert authenticate(f"Bearer {key}", now=NOW).client == client


def test_the_command_says_why_a_name_cannot_be_used() -> None:
    with pytest.raises(CommandError, match="1 to 200 characters"):
        call_command("client", "add", "")
