"""The memory by itself: no other room's tables follow these events."""

from __future__ import annotations

from collections import defaultdict

import pytest

from events import projections


@pytest.fixture(autouse=True)
def no_other_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "_appliers", defaultdict(list))
    monkeypatch.setattr(projections, "_models", [])
