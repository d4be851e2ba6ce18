"""The mirror says what is wrong and ends, where waiting would not help."""

from __future__ import annotations

import pytest

from tests.clients.following import waited_for
from tests.consumers.mirror.conftest import Mirrors

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["VOUCH_MIRROR_URL", "VOUCH_MIRROR_KEY", "VOUCH_MIRROR_KAFKA", "VOUCH_MIRROR_TOPIC"]
)
def test_a_setting_that_is_missing_is_named(mirrors: Mirrors, name: str) -> None:
    mirrors.more[name] = ""

    assert mirrors.start().wait(20) == 2
    assert name in mirrors.said()


def test_a_topic_that_is_not_there_is_not_made(mirrors: Mirrors) -> None:
    mirrors.topic = "nobody.made.this"

    assert mirrors.start().wait(40) == 1
    assert "nobody.made.this" in mirrors.said()
    assert "nobody.made.this" not in mirrors.kafka.topics()


def test_a_refused_key_ends_it_with_the_products_own_word(mirrors: Mirrors) -> None:
    mirrors.more["VOUCH_MIRROR_KEY"] = "vouch_live_nobody"

    assert mirrors.start().wait(40) == 1
    assert "unauthorised" in mirrors.said()
    assert "vouch_live_nobody" not in mirrors.said()


def test_a_place_of_another_epoch_ends_it_and_a_new_place_is_gone_on_from(mirrors: Mirrors) -> None:
    mirrors.position("deadbeef-75")
    assert mirrors.start().wait(40) == 1
    assert "epoch_changed" in mirrors.said()

    assert mirrors.position(f"{mirrors.feed.epoch}-1190") == f"{mirrors.feed.epoch}-1190"
    mirror = mirrors.start()
    assert waited_for(lambda: len(mirrors.messages()) == 10, 60), mirrors.said()
    assert mirrors.stop(mirror) == 0


def test_it_waits_for_brokers_that_are_away_and_leaves_when_asked(mirrors: Mirrors) -> None:
    mirrors.more["VOUCH_MIRROR_KAFKA"] = "127.0.0.1:1"
    mirror = mirrors.start()

    assert waited_for(lambda: "waits for the brokers at 127.0.0.1:1" in mirrors.said())
    assert mirrors.stop(mirror) == 0
