"""Who saw what, when, on what ground: told from the log, and held against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.audit.log import append
from consumers.audit.views import Asked, views
from subscriber import Store
from tests.consumers.audit.makers import opened_log, record, viewed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_log(tmp_path / "audit.sqlite3") as store, store.transaction():
        append(
            [
                record(1),
                viewed(2, "staff:7", case="case-1", applicant="ap_1"),
                viewed(3, "key:9", case="case-2", applicant="ap_1"),
                viewed(4, "staff:7", case="case-3", applicant="ap_2"),
            ],
            store,
        )
        yield store


@pytest.mark.parametrize(
    ("asked", "positions"),
    [
        (Asked(), [2, 3, 4]),
        (Asked(staff="staff:7"), [2, 4]),
        (Asked(applicant="ap_1"), [2, 3]),
        (Asked(case="case-3"), [4]),
        (Asked(client="cl_1"), [2, 3, 4]),
        (Asked(client="cl_2"), []),
        (Asked(staff="staff:7", applicant="ap_1"), [2]),
    ],
)
def test_views_are_found_by_whatever_is_asked(store: Store, asked: Asked, positions: list[int]) -> None:
    assert [view.number for view in views(store, asked)] == positions


def test_a_view_says_who_what_when_and_on_what_ground(store: Store) -> None:
    (view,) = views(store, Asked(case="case-1"))

    assert (view.staff, view.what, view.evidence, view.ground) == ("staff:7", "evidence", "ev_1", "review")
    assert (view.case, view.applicant, view.client) == ("case-1", "ap_1", "cl_1")
    assert f"{view.at:%Y-%m-%d}" == "2026-02-02"
    assert not view.altered


def _without_guards(store: Store) -> None:
    for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        store.execute(f"DROP TRIGGER {name}")


def test_a_view_put_into_somebody_elses_name_is_told_as_altered(store: Store) -> None:
    _without_guards(store)
    other = viewed(2, "staff:1").payload
    store.execute("UPDATE audit_view SET staff = 'staff:1', payload = ? WHERE number = 2", (other,))

    assert [(view.staff, view.altered) for view in views(store, Asked(case="case-1"))] == [("staff:1", True)]


def test_a_view_that_was_taken_away_is_still_told_of(store: Store) -> None:
    _without_guards(store)
    store.execute("DELETE FROM audit_view WHERE number = 2")

    assert [(view.case, view.altered) for view in views(store, Asked(staff="staff:1"))] == [("case-1", True)]
