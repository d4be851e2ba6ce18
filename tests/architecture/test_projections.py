"""What projections may know of an event: on PostgreSQL they run before it has its place in the journal."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from events import projections
from protocol import case_state
from protocol.envelope import Event

PLACE = {"position", "epoch", "unit", "unit_last", "sequenced_at"}
APPLIERS = sorted(
    {a for found in projections._appliers.values() for a in found},
    key=lambda apply: f"{apply.__module__}.{apply.__name__}",
)


def _read_of(source: ModuleType | Callable[[Event], None]) -> set[str]:
    """List the attributes that some code reads."""
    tree = ast.parse(inspect.getsource(source))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("apply", APPLIERS, ids=lambda apply: f"{apply.__module__}.{apply.__name__}")
def test_no_projection_looks_at_an_events_place(apply: Callable[[Event], None]) -> None:
    assert not _read_of(apply) & PLACE


@pytest.mark.parametrize("module", [*sorted({apply.__module__ for apply in APPLIERS}), case_state.__name__])
def test_no_helper_of_projections_looks_at_an_events_place(module: str) -> None:
    assert not _read_of(sys.modules[module]) & PLACE


def test_projections_are_found_at_all() -> None:
    assert {apply.__module__ for apply in APPLIERS} >= {"access.projections", "verification.projections"}
