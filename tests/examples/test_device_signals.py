"""An outside team's topic, with its doubles and its broken messages: each signal counts once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from examples.device_signals.signals import TOPIC, Signals
from subscriber import Superseded
from subscriber.kafka.foreign import ForeignTopic
from tests.servers.kafka import Cluster

pytestmark = pytest.mark.slow


@pytest.fixture
def team(empty_kafka: Cluster) -> Iterator[Producer]:
    empty_kafka.topic(TOPIC, partitions=3)
    producer = Producer(empty_kafka.config)
    yield producer
    producer.flush(10)


def _say(team: Producer, *said: tuple[str, str, int]) -> None:
    for case, signal, at_s in said:
        value = json.dumps({"case": case, "signal": signal, "at": at_s})
        team.produce(TOPIC, key=case, value=value)
    team.flush(10)


def _follow(signals: Signals, cluster: Cluster, wanted: int) -> None:
    topic = signals.follow(cluster.settings)
    until_s = time.monotonic() + 30
    while wanted > 0:
        assert time.monotonic() < until_s
        wanted -= topic.step(signals.hear)
    topic.close()


def test_what_the_team_writes_twice_counts_once(team: Producer, empty_kafka: Cluster, tmp_path: Path) -> None:
    said = [(f"case-{n % 3}", "emulator", n) for n in range(9)]
    _say(team, *said, *said[:4])
    signals = Signals(tmp_path / "signals.sqlite3")

    _follow(signals, empty_kafka, 13)

    assert signals.counted() == {(f"case-{n}", "emulator"): 3 for n in range(3)}
    assert signals.window.risk().repeats == 4


def test_a_restart_goes_on_at_its_own_place(team: Producer, empty_kafka: Cluster, tmp_path: Path) -> None:
    for start in (0, 5):
        _say(team, *((f"case-{n}", "rooted", start + n) for n in range(5)))
        _follow(Signals(tmp_path / "signals.sqlite3"), empty_kafka, 5)

    assert set(Signals(tmp_path / "signals.sqlite3").counted().values()) == {2}


def test_what_is_no_signal_is_set_aside_with_its_bytes(
    team: Producer, empty_kafka: Cluster, tmp_path: Path
) -> None:
    team.produce(TOPIC, value=b"<xml/>", key="k")
    _say(team, ("case-1", "emulator", 1))
    signals = Signals(tmp_path / "signals.sqlite3")

    _follow(signals, empty_kafka, 2)

    assert signals.store.execute("SELECT key, value FROM subscriber_stray") == [(b"k", b"<xml/>")]
    assert signals.counted() == {("case-1", "emulator"): 1}


def test_a_report_is_made_once_even_when_the_window_is_lost(
    team: Producer, empty_kafka: Cluster, tmp_path: Path
) -> None:
    said = [("case-1", "emulator", n) for n in range(3)]
    signals = Signals(tmp_path / "signals.sqlite3")
    for _ in range(2):
        _say(team, *said)
        _follow(signals, empty_kafka, 3)
        signals.store.execute("DELETE FROM subscriber_window_mark")

    assert signals.reported() == ["case-1"]


def test_the_older_of_two_processes_cannot_count_any_more(
    team: Producer, empty_kafka: Cluster, tmp_path: Path
) -> None:
    old = Signals(tmp_path / "signals.sqlite3")
    topic = old.follow(empty_kafka.settings)
    Signals(tmp_path / "signals.sqlite3").follow(empty_kafka.settings).close()
    _say(team, ("case-1", "emulator", 1))

    with pytest.raises(Superseded):
        _until_it_ends(topic, old)
    topic.close()


def _until_it_ends(topic: ForeignTopic, old: Signals) -> None:
    until_s = time.monotonic() + 20
    while time.monotonic() < until_s:
        topic.step(old.hear)
