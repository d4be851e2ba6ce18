"""Fixtures of the runtime's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subscriber import Runner
from tests.servers.kafka import Cluster
from tests.servers.running import fresh_database
from tests.subscriber.groups import STREAMS, of_today
from tests.subscriber.makers import Bench
from tests.subscriber.wire import Carrier, make_topics

_STEP_S = 0.005


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a service's own database begins: a file, or a database on a server."""
    if request.param == "sqlite":
        return str(tmp_path / "service.sqlite3")
    return fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def topics(empty_kafka: Cluster) -> Cluster:
    make_topics(empty_kafka, STREAMS)
    return empty_kafka


@pytest.fixture
def carrier(topics: Cluster, bench: Bench) -> Carrier:
    return Carrier(topics, of_today(bench).journal, STREAMS)


@pytest.fixture
def settle() -> Callable[[Runner], None]:
    """Steps until nothing has moved for longer than a retry rests."""

    def run(runner: Runner, quiet_s: float = 0.15) -> None:
        # Counted in steps, not by the clock alone: on a busy machine a moment may pass without one.
        quiet, enough = 0, round(quiet_s / _STEP_S)
        while quiet < enough:
            quiet = 0 if runner.step() else quiet + 1
            time.sleep(_STEP_S)

    return run
