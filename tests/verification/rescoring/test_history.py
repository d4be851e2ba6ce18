"""Which cases are looked at again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from events import journal
from tests.verification.rescoring.past import CLIENT, DARK, LIGHT, Past
from verification.rescoring.history import Window, cases_of, past_case

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def evidence(settings: Settings, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def between() -> int:
    """A place with a case before it, one behind it, and one on both sides; all of one client."""
    past = Past([])
    past.receive("before", LIGHT)
    past.receive("both", LIGHT)
    place = journal.head().position
    past.receive("both", DARK)
    past.receive("behind", LIGHT)
    return place


def cases(after: int, through: int, client: str | None = None) -> list[str]:
    return cases_of(Window(after=after, through=through, client=client))


def test_a_case_is_looked_at_once_if_its_evidence_came_in_the_window(between: int) -> None:
    end = journal.head().position

    assert cases(0, end) == ["before", "both", "behind"]
    assert cases(between, end) == ["both", "behind"]
    assert cases(0, between) == ["before", "both"]


def test_another_clients_cases_are_left_alone(between: int) -> None:
    assert cases(0, between, CLIENT) == ["before", "both"]
    assert cases(0, between, "cl_other") == []


def test_of_a_case_everything_is_there_also_what_came_later(between: int) -> None:
    found = past_case("both", Window(after=0, through=between))

    assert len(found.events) == 2
    assert (found.client, found.through) == (CLIENT, between)
