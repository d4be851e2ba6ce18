"""A journal that every thread and process can see, and an empty cluster to carry it to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import Settings

from tests.events.conftest import no_other_rooms
from tests.rebuilding import empty_journal
from tests.sequencing import sequencer
from tests.servers.kafka import Cluster

__all__ = ["journal", "no_other_rooms"]


@pytest.fixture
def journal(transactional_db: None) -> Iterator[None]:
    empty_journal()
    with sequencer():
        yield
    connections.close_all()
    empty_journal()


@pytest.fixture
def cluster(journal: None, empty_kafka: Cluster, settings: Settings) -> Cluster:
    """The cluster that VOUCH_KAFKA would name."""
    settings.KAFKA = empty_kafka.settings
    return empty_kafka
