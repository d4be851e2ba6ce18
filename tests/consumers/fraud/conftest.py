"""The product's own journal, the real door to it, and the service beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumers.fraud.office import Office
from tests.contracts.conftest import door, journal, no_other_rooms
from tests.contracts.door import Door

__all__ = ["door", "journal", "no_other_rooms", "office"]


@pytest.fixture
def office(door: Door, tmp_path: Path, settings: object) -> Iterator[Office]:
    """The service on a file of its own; evidence lies in a folder of the test's."""
    settings.EVIDENCE_ROOT = tmp_path / "evidence"  # type: ignore[attr-defined]  # Django's
    with Office.at(door, tmp_path) as office:
        yield office
