"""A key is made once; a lost one waits, a destroyed one never comes back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from django.db import connections, transaction

from events import keys
from events.database import journal_database
from events.errors import Erased, KeysAway, NeverMade
from events.journal import head, record
from events.keys import data_key, destroy_key, forget_cached, keys_answer, make_keys
from events.models import ApplicantKey
from events.sealing import unseal
from protocol.catalogue import PersonalClass
from subscriber.errors import NotNow
from tests.events.makers import NOW, opened, submitted

pytestmark = pytest.mark.django_db(databases="__all__")
IDENTITY = PersonalClass.IDENTITY


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    forget_cached()
    yield
    forget_cached()


def test_a_key_has_64_bytes_and_stays_the_same() -> None:
    made = data_key("a", IDENTITY, create=True)
    forget_cached()

    assert len(made) == keys.KEY_BYTES == 64
    assert data_key("a", IDENTITY, create=False) == made


def test_each_class_and_each_applicant_has_a_key_of_its_own() -> None:
    made = {data_key(a, c, create=True) for a in ("a", "b") for c in PersonalClass}

    assert len(made) == 6


def test_asking_for_a_key_nobody_made_says_so() -> None:
    with pytest.raises(NeverMade, match="no event has used it"):
        data_key("a", IDENTITY, create=False)


def test_keys_are_made_with_the_first_event_that_needs_them() -> None:
    record([submitted()], now=NOW)
    assert not ApplicantKey.objects.exists()

    record([opened()], now=NOW)

    assert set(ApplicantKey.objects.values_list("personal_class", flat=True)) == {"contact", "identity"}


def test_a_lost_key_is_waited_for_and_never_made_again() -> None:
    (event,) = record([opened()], now=NOW)
    ApplicantKey.objects.all().delete()
    forget_cached()

    with pytest.raises(KeysAway, match="back-up"):
        unseal(event)
    with pytest.raises(KeysAway):
        record([opened()], now=NOW)


def test_a_destroyed_key_answers_erased_and_takes_no_new_value() -> None:
    (event,) = record([opened()], now=NOW)

    destroy_key("applicant-1", IDENTITY, now=NOW)

    with pytest.raises(Erased):
        unseal(event)
    with pytest.raises(Erased):
        record([opened()], now=NOW)
    assert head().position == 1


def test_an_event_said_again_after_its_key_was_destroyed_is_given_as_it_lies_in_the_journal() -> None:
    draft = replace(opened(), id=UUID(int=7))
    (said,) = record([draft], now=NOW)
    destroy_key("applicant-1", IDENTITY, now=NOW)

    (again,) = record([draft], now=NOW)
    assert (again.envelope.id, again.envelope.keyseq, again.message) == (
        said.envelope.id,
        said.envelope.keyseq,
        said.message,
    )
    with pytest.raises(Erased):
        record([draft, replace(opened(), id=UUID(int=8))], now=NOW)


def test_a_key_can_be_destroyed_before_it_was_ever_made() -> None:
    destroy_key("a", IDENTITY, now=NOW)

    with pytest.raises(Erased):
        data_key("a", IDENTITY, create=True)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_key_is_forgotten_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    data_key("a", IDENTITY, create=True)
    ApplicantKey.objects.all().delete()

    monkeypatch.setattr("events.keys.time.monotonic", lambda: 1e12)

    with pytest.raises(NeverMade):
        data_key("a", IDENTITY, create=False)


def test_the_journal_remembers_which_keys_its_events_rest_on() -> None:
    record([opened(applicant="b")], now=NOW)

    assert journal_database().known_classes("b") == {"contact", "identity"}
    assert journal_database().known_classes("c") == set()


def test_a_store_without_its_tables_is_away_and_not_empty() -> None:
    with connections["keys"].cursor() as cursor:
        cursor.execute("ALTER TABLE events_applicantkey RENAME TO gone")

    with pytest.raises(NotNow, match="does not answer"):
        data_key("a", IDENTITY, create=True)
    assert not keys_answer()


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize("first", ["made", "destroyed"])
def test_a_key_that_is_made_and_destroyed_at_once_is_gone(first: str) -> None:
    def make() -> None:
        with contextlib.suppress(Erased):
            make_keys("race", [IDENTITY])
        connections.close_all()

    def destroy() -> None:
        destroy_key("race", IDENTITY, now=NOW)
        connections.close_all()

    other = threading.Thread(target=destroy if first == "made" else make)
    with transaction.atomic(using="keys"):
        if first == "made":
            make_keys("race", [IDENTITY])
        else:
            destroy_key("race", IDENTITY, now=NOW)
        other.start()
        other.join(timeout=0.3)
    other.join()

    forget_cached()
    with pytest.raises(Erased):
        data_key("race", IDENTITY, create=True)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_threads_making_a_key_at_once_get_the_same_one() -> None:
    made: list[bytes] = []

    def make() -> None:
        made.append(data_key("race", IDENTITY, create=True))
        connections.close_all()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
