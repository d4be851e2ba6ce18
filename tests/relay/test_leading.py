"""Who leads is decided by a lease that a clock put back does not prolong; a lost database ends no relay."""

from __future__ import annotations

import threading

import pytest
from pytest_django import Settings

from events.coordinator import FRESH_US, clock_us, require_coordinator
from events.errors import CoordinatorAway, NotTheLeader
from events.models import RelayState
from events.relay import Checkpoint, Relay, carrying
from events.relay.leading import LEASE_S, Leadership
from protocol.catalogue import stream_named
from subscriber.errors import StoreAway
from subscriber.kafka import KafkaSettings

pytestmark = pytest.mark.django_db(databases="__all__")
NOWHERE = KafkaSettings(bootstrap="127.0.0.1:1")
HOUR_US = 3_600_000_000


def test_a_lease_keeps_others_from_leading_until_it_is_given_back() -> None:
    first, second = Leadership("first"), Leadership("second")
    first.take()
    with pytest.raises(NotTheLeader, match="first carries the journal"):
        second.take()

    first.release()
    second.take()

    with pytest.raises(NotTheLeader):
        first.save(Checkpoint("aaaaaaaa", 7, "a cluster"))


def test_a_lease_from_before_the_clock_was_put_back_keeps_nobody_from_leading() -> None:
    Leadership("gone").take()
    RelayState.objects.update(leads_until_us=clock_us() + HOUR_US)

    Leadership("successor").take()

    assert RelayState.objects.get().leader == "successor"
    assert RelayState.objects.get().leads_until_us <= clock_us() + LEASE_S * 1_000_000


@pytest.mark.parametrize("off_us", [-HOUR_US, HOUR_US])
def test_a_sign_of_life_from_another_hour_is_none(settings: Settings, off_us: int) -> None:
    settings.KAFKA = NOWHERE
    Leadership("relay").take()
    exposure = [stream_named("decisions.exposure")]
    RelayState.objects.update(committed_at_us=clock_us() - FRESH_US // 2)
    require_coordinator(exposure)

    RelayState.objects.update(committed_at_us=clock_us() + off_us)

    with pytest.raises(CoordinatorAway):
        require_coordinator(exposure)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_database_that_goes_away_while_the_journal_is_read_is_asked_again(
    journal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, asked = threading.Event(), []

    def away(checkpoint: Checkpoint) -> int:
        asked.append(checkpoint)
        if len(asked) == 2:
            stop.set()
        raise StoreAway("the database default cannot be used now")

    monkeypatch.setattr(carrying, "enter", lambda *_given: "a cluster")
    monkeypatch.setattr(carrying, "resume_at", away)
    relay = Relay(NOWHERE, leader="relay-1")

    relay.run(stop)

    assert relay.progress.unknown == {"StoreAway": 2}
