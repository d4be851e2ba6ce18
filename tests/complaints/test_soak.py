"""Whoever carries an event is killed in mid-work, the brokers too: nothing is lost, doubled or reversed.

The short form of `make soak`: the same house, the same moments, fewer of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak.counting import claims
from benchmarks.soak.house import Servers
from benchmarks.soak.killing import DECK
from benchmarks.soak.running import Size, run
from deploy.servers.postgres import PostgresServer
from tests.sequencing import on_postgres
from tests.servers.kafka import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(on_postgres(), reason="it brings a database of its own: once is enough"),
]


def test_everybody_is_killed_in_every_moment_and_every_promise_is_kept(
    tmp_path: Path, postgres: PostgresServer, kafka_cluster: Cluster
) -> None:
    kafka_cluster.clear()
    servers = Servers(postgres, kafka_cluster.server)

    found = run(tmp_path, servers, Size(messages=600, kills=len(DECK)), seed=11, say=print)

    assert set(found.kills) == set(DECK)
    assert [claim for claim in claims(found.left) if not claim.met] == []
