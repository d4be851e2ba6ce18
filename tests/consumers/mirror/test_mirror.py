"""A client's topic is its feed, once repeats are left out: whoever dies, and wherever the line is cut."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import partial

import pytest
from confluent_kafka import Message

from deploy.servers.postgres import PostgresServer
from tests.clients.following import waited_for
from tests.clients.proxy import cutting
from tests.consumers.mirror.conftest import Mirrors
from tests.servers.running import fresh_database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
# Starting a broker is part of the first test's time.
LONG_S = 60.0


def headers(message: Message) -> dict[str, str]:
    found = message.headers()
    assert isinstance(found, list)
    return {name: value.decode() for name, value in found if isinstance(value, bytes)}


def numbers_by_case(messages: Sequence[Message]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        found.setdefault((message.key() or b"").decode(), []).append(int(headers(message)["number"]))
    return found


def expected(mirrors: Mirrors) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in map(json.loads, mirrors.feed.lines()):
        found.setdefault(record["case"], []).append(record["number"])
    return found


def once(messages: Sequence[Message]) -> list[Message]:
    """Leave out what has a cursor that was there before."""
    seen: dict[str, Message] = {}
    for message in messages:
        seen.setdefault(headers(message)["cursor"], message)
    return list(seen.values())


def holds(mirrors: Mirrors, records: int) -> bool:
    return len(once(mirrors.messages())) >= records


def test_each_record_is_a_message_of_its_case_with_the_frames_own_bytes(mirrors: Mirrors) -> None:
    mirror = mirrors.start()
    assert waited_for(partial(holds, mirrors, 1_200), LONG_S), mirrors.said()
    assert mirrors.stop(mirror) == 0

    found = sorted(mirrors.messages(), key=lambda message: int(headers(message)["number"]))

    assert [(message.value() or b"").decode() for message in found] == mirrors.feed.lines()
    record = json.loads(found[74].value() or b"")
    assert found[74].key() == record["case"].encode()
    assert headers(found[74]) == {
        "epoch": mirrors.feed.epoch,
        "number": "75",
        "cursor": record["cursor"],
        "content-type": "application/json",
    }
    assert mirrors.position() == f"{mirrors.feed.epoch}-1200"


def test_a_mirror_that_is_killed_and_cut_off_again_and_again_leaves_nothing_out(mirrors: Mirrors) -> None:
    with cutting(mirrors.feed.server.ports["plain"], cut_after=(5_000, 40_000)) as proxy:
        mirrors.url = proxy.url
        for wanted in (150, 450, 750):
            mirror = mirrors.start()
            assert waited_for(partial(holds, mirrors, wanted), LONG_S)
            mirror.kill()
            mirror.wait()
        assert len(once(mirrors.messages())) < 1_200, "killed too late to tell"
        mirrors.start()
        assert waited_for(partial(holds, mirrors, 1_200), LONG_S), mirrors.said()

    found = mirrors.messages()
    assert proxy.cuts >= 5
    assert len(found) < 2_000, "it began anew and did not go on"
    assert numbers_by_case(once(found)) == expected(mirrors)
    assert {(m.key(), m.value()) for m in found} == {(m.key(), m.value()) for m in once(found)}


def test_the_checkpoint_stays_behind_what_the_brokers_have_confirmed(mirrors: Mirrors) -> None:
    mirror = mirrors.start()
    assert waited_for(partial(holds, mirrors, 1_200), LONG_S), mirrors.said()
    assert waited_for(lambda: mirrors.position().endswith("-1200"), LONG_S)
    mirrors.kafka.server.pause(1)
    try:
        mirrors.feed.add(50)
        assert waited_for(lambda: mirrors.feed.server.seen("plain")["open"] >= 1)
        time.sleep(2)
        noted = mirrors.position()
        mirror.kill()
    finally:
        mirrors.kafka.server.resume(1)
    mirrors.start()
    assert waited_for(partial(holds, mirrors, 1_250), LONG_S), mirrors.said()

    assert noted == f"{mirrors.feed.epoch}-1200"
    assert numbers_by_case(once(mirrors.messages())) == expected(mirrors)


def test_it_keeps_its_place_in_postgresql_and_repeats_nothing_after_a_clean_end(
    mirrors: Mirrors, postgres: PostgresServer
) -> None:
    mirrors.more["VOUCH_MIRROR_DATABASE_URL"] = fresh_database(postgres)
    for records in (1_200, 1_230):
        mirror = mirrors.start()
        assert waited_for(partial(holds, mirrors, records), LONG_S), mirrors.said()
        assert mirrors.stop(mirror) == 0
        mirrors.feed.add(30)

    assert len(mirrors.messages()) == 1_230
    assert mirrors.position() == f"{mirrors.feed.epoch}-1230"
    assert not list(mirrors.folder.glob("*.sqlite3"))
