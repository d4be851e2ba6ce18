"""A journal on PostgreSQL with a sequencer beside it, and people who work at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.complaints.sessions import Session
from tests.events.conftest import no_other_rooms
from tests.rebuilding import empty_journal
from tests.sequencing import sequencer

__all__ = ["begin", "empty", "journal", "no_other_rooms"]


@pytest.fixture
def empty(transactional_db: None) -> Iterator[None]:
    """A journal to which nobody gives positions yet."""
    empty_journal()
    yield
    empty_journal()


@pytest.fixture
def journal(empty: None) -> Iterator[None]:
    with sequencer():
        yield


@pytest.fixture
def begin(transactional_db: None) -> Iterator[Callable[[], Session]]:
    """Begin a transaction beside the test's own connection; what is left open is rolled back."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Session())
