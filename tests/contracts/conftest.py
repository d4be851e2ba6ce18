"""A journal that every thread can see, and the door to it on a real port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.door import Door, serve
from tests.events.conftest import no_other_rooms
from tests.rebuilding import empty_journal
from tests.sequencing import sequencer

__all__ = ["door", "journal", "no_other_rooms"]


@pytest.fixture
def journal(transactional_db: None) -> Iterator[None]:
    empty_journal()
    with sequencer():
        yield
    empty_journal()


@pytest.fixture
def door(journal: None) -> Iterator[Door]:
    with serve() as door:
        yield door
